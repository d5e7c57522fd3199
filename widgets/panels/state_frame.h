// Holds a panel's content and draws the panel's state over it.
#pragma once

#include <QWidget>

#include "widgets/icons.h"
#include "widgets/panels/panel_state.h"

class QPushButton;

namespace fw::ui {

class Label;

class StateFrame : public QWidget {
  Q_OBJECT
 public:
  /// Takes `content`. `emptyIcon` stands over the sentence of the empty state.
  StateFrame(QWidget* content, Icon emptyIcon, QWidget* parent = nullptr);

  void setState(const PanelState& state);
  const PanelState& state() const { return state_; }
  QWidget* content() const { return content_; }
  /// The "outdated" tag of the stale state. It has a line of its own under the content, unless the panel takes it into
  /// a layout where there is room.
  QPushButton* tag() const { return tag_; }

 signals:
  /// The button of the empty, stale or failed state.
  void actionRequested();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  class Veil;
  class Message;
  void place();

  PanelState state_;
  bool hasContent_ = false;  // something was shown before, so that Busy has an old picture
  QWidget* content_;
  Message* message_;
  Veil* veil_;
  QPushButton* tag_;
};

}  // namespace fw::ui
