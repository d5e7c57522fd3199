// Each dock shows its title once: in its bar, or on its tab where it shares its place with others.
#pragma once

#include <QObject>
#include <vector>

class QDockWidget;
class QMainWindow;

namespace fw {

class DockTitles : public QObject {
  Q_OBJECT
 public:
  explicit DockTitles(QMainWindow& window);
  void add(QDockWidget* dock);

 private:
  void refreshLater();
  void refresh();

  QMainWindow& window_;
  std::vector<QDockWidget*> docks_;
  bool isPending_ = false;
};

}  // namespace fw
