// Each dock shows its title once.
#include "app/dock_titles.h"

#include <QDockWidget>
#include <QMainWindow>
#include <QTabBar>
#include <QTimer>

namespace fw {
namespace {

/// A bar that is not there; a dock without one would show its own.
class NoTitle : public QWidget {
 public:
  using QWidget::QWidget;
  QSize sizeHint() const override { return {0, 0}; }
  QSize minimumSizeHint() const override { return {0, 0}; }
};

}  // namespace

DockTitles::DockTitles(QMainWindow& window) : QObject(&window), window_(window) {}

void DockTitles::add(QDockWidget* dock) {
  docks_.push_back(dock);
  connect(dock, &QDockWidget::dockLocationChanged, this, &DockTitles::refreshLater);
  connect(dock, &QDockWidget::topLevelChanged, this, &DockTitles::refreshLater);
  connect(dock, &QDockWidget::visibilityChanged, this, &DockTitles::refreshLater);
  refreshLater();
}

// The window knows which docks share a place only when it has laid them out.
void DockTitles::refreshLater() {
  if (isPending_) return;
  isPending_ = true;
  QTimer::singleShot(0, this, [this] {
    isPending_ = false;
    refresh();
  });
}

void DockTitles::refresh() {
  for (QDockWidget* dock : docks_) {
    bool isShared = false;
    for (const QDockWidget* other : window_.tabifiedDockWidgets(dock))
      isShared = isShared || (!other->isHidden() && !other->isFloating());
    const bool hasTab = isShared && !dock->isFloating();
    QWidget* old = dock->titleBarWidget();
    if (hasTab == (old != nullptr)) continue;
    dock->setTitleBarWidget(hasTab ? new NoTitle(dock) : nullptr);
    delete old;
  }
  for (QTabBar* bar : window_.findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly))
    bar->setAccessibleName(tr("Panels"));
}

}  // namespace fw
