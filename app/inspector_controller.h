// Fills the inspector from the selection and turns its edits into edits of the document.
#pragma once

#include <QObject>

#include "app/document_controller.h"
#include "app/layer_scope.h"
#include "widgets/panels/inspector_panel.h"

namespace fw {

class InspectorController : public QObject {
  Q_OBJECT
 public:
  InspectorController(DocumentController& document, ui::InspectorPanel& panel, QObject* parent = nullptr);
  void setSelection(const std::vector<NodeId>& nodes);
  /// Edits of a node inside of these layers are for them alone.
  void setScope(const LayerScope& scope);
  void refresh();

 signals:
  /// The title of a parameter of the selected node was clicked with the right button.
  void paramMenuRequested(qint64 node, const QString& param, const QPoint& global);

 private:
  ui::InspectorState stateOf(const std::vector<const Node*>& nodes) const;
  void addPromoted(const Node& composite, ui::InspectorState& state) const;
  void showOwnValues(const Node& node, ui::ParamField& field) const;
  void addWeights(const Node& node, ui::InspectorState& state) const;
  void editParam(const QString& name, const ParamValue& value, bool isFinal);
  void chooseWeights(const QString& id);
  void editWeightParam(const QString& name, const ParamValue& value, bool isFinal);

  DocumentController& document_;
  ui::InspectorPanel& panel_;
  std::vector<NodeId> selection_;
  LayerScope scope_;
};

}  // namespace fw
