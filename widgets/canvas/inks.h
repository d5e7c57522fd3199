// The canvas' colours as pixel values, mixed from the theme once.
#pragma once

#include <array>
#include <vector>

#include "widgets/canvas/raster.h"
#include "widgets/canvas/scene.h"
#include "widgets/theme.h"

namespace fw::ui {

struct Inks {
  explicit Inks(const Theme& theme) : theme(&theme) {
    canvas = ink(theme.canvas), gridDot = ink(theme.gridDot);
    card = ink(theme.panel), header = ink(theme.raised), inside = ink(theme.window);
    border = ink(theme.nodeBorder), hairline = ink(theme.hairline);
    text = ink(theme.text), secondary = ink(theme.secondary), dim = ink(theme.dim);
    accent = ink(theme.accent), warning = ink(theme.warning), error = ink(theme.error);
    flavors = {accent, ink(theme.category("embedding")), ink(theme.category("structure")),
               ink(theme.category("convolution"))};
    if (!theme.isDark)  // the category colours are made for dark ground
      for (size_t i = 1; i < flavors.size(); ++i) flavors[i] = mixInk(flavors[i], 0xff000000u, 0.25f);
    track = mixInk(card, border, 0.8f);
  }

  Ink flavor(PortFlavor flavor) const { return flavors[size_t(flavor)]; }
  Ink state(ItemState state) const { return state == ItemState::Error ? error : warning; }

  const Theme* theme;
  Ink canvas, gridDot, card, header, inside, border, hairline, text, secondary, dim, accent, warning, error, track;
  std::array<Ink, 4> flavors;
};

}  // namespace fw::ui
