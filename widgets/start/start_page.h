// The start page: new, open, templates as cards with small diagrams, recent files.
#pragma once

#include <QStringList>
#include <QWidget>
#include <vector>

#include "widgets/panels/panel_state.h"

class QGridLayout;
class QPushButton;
class QScrollArea;
class QVBoxLayout;

namespace fw::ui {

class Label;
class StateFrame;

/// A model in miniature, from left to right: blocks by category, a frame of repeated ones with a lane for each branch.
struct TemplateDiagram {
  QStringList before;              // "embedding"
  std::vector<QStringList> lanes;  // {{"norm", "attention", "norm", "mlp"}}
  int repeat = 1;                  // shown over the frame where above 1
  QStringList after;               // "norm", "embedding"
};

struct TemplateCard {
  QString id, title, description;
  QString footer;  // "18.4 M parameters · trains in 40 s"
  TemplateDiagram diagram;
};

struct RecentFile {
  QString path;
  QString title;       // "hybrid-recall"
  QString when;        // "yesterday"
  bool exists = true;  // false: greyed
};

struct StartState {
  PanelState panel;  // of the templates: Ready shows them
  std::vector<TemplateCard> templates;
  std::vector<RecentFile> recent;
};

class StartPage : public QWidget {
  Q_OBJECT
 public:
  explicit StartPage(QWidget* parent = nullptr);
  void setState(const StartState& state);
  /// A card's diagram, made after the page was shown.
  void setDiagram(const QString& id, const TemplateDiagram& diagram);
  /// The buttons of the cards and of the recent files, in order; for the keyboard and tests.
  const std::vector<QWidget*>& cards() const { return cards_; }
  const std::vector<QWidget*>& recentRows() const { return recentRows_; }

 signals:
  void newRequested();
  void openRequested();
  void openFolderRequested();  // of a training run
  void templateChosen(const QString& id);
  void recentChosen(const QString& path);
  void clearRecentRequested();
  void actionRequested();  // of a failed list of templates

 protected:
  void paintEvent(QPaintEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void arrangeCards();

  std::vector<QWidget*> cards_, recentRows_;
  QVBoxLayout* recentLayout_;
  Label* noRecent_;
  QPushButton* clear_;
  StateFrame* frame_;
  QScrollArea* scroll_;
  QWidget* grid_;
  int columns_ = 0;
};

}  // namespace fw::ui
