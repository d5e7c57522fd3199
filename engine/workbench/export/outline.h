// A document as nested groups of boxes and the arrows between them, as drawings and diagrams show it.
#pragma once

#include <string>
#include <vector>

#include "engine/arch/architecture.h"

namespace fw {

struct OutlineBox {
  NodeId node = 0;
  std::string id;       // "n12"
  std::string title;    // "Multi-head attention", or the label of the node
  std::string name;     // "attention"
  std::string details;  // "heads 8, mask causal": parameters that differ from the defaults
  bool isPort = false;  // in or out of a graph
  bool isMuted = false;
};

/// The whole model, or one inner graph of a container.
struct OutlineGroup {
  NodeId node = 0;
  std::string id;     // "g7_layer"
  std::string title;  // "layers x 12"
  std::vector<OutlineBox> boxes;
  std::vector<OutlineGroup> groups;
};

struct OutlineArrow {
  std::string from, to;  // ids of boxes
};

struct Outline {
  OutlineGroup root;
  std::vector<OutlineArrow> arrows;
};

Outline outlineOf(const Architecture& architecture);

/// Where boxes and groups lie, in points, y down: arrows run from the bottom of a box to the top of another.
struct PlacedBox {
  double x = 0, y = 0, width = 0, height = 0;
};
struct PlacedOutline {
  struct Box {
    OutlineBox box;
    PlacedBox place;
  };
  struct Group {
    std::string title;
    PlacedBox place;
  };
  struct Arrow {
    double x1, y1, x2, y2;
    double bulge = 0;  // to the right, of both control points: past what stands between
  };
  std::vector<Group> groups;  // outer ones first
  std::vector<Box> boxes;
  std::vector<Arrow> arrows;
  double width = 0, height = 0;
};

/// Ranks from top to bottom, each centred.
PlacedOutline placed(const Outline& outline);

}  // namespace fw
