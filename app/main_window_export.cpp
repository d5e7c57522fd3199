// The main window: the model as a file of another tool.
#include <QAction>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>

#include "app/main_window.h"
#include "engine/workbench/exporter.h"

namespace fw {

void MainWindow::addExportActions(QMenu* menu) {
  QMenu* formats = menu->addMenu(tr("&Export"));
  for (const ExporterDef& exporter : allExporters())
    addDocumentAction(formats, QString::fromStdString(exporter.title) + "…", {}, QString::fromStdString(exporter.help),
                      [this, &exporter] { exportModel(exporter); });
}

/// Asks where to, and writes with the trained weights where there are some.
void MainWindow::exportModel(const ExporterDef& exporter) {
  const QString extension = QString::fromStdString(exporter.extension), title = QString::fromStdString(exporter.title);
  const QString name = QFileInfo(document_->title()).baseName().toLower().replace(' ', '-');
  QString path =
      QFileDialog::getSaveFileName(this, tr("Export: %1").arg(title), name + extension,
                                   extension.isEmpty() ? tr("Folders (*)") : title + " (*" + extension + ")");
  if (path.isEmpty()) return;
  if (!extension.isEmpty() && !path.endsWith(extension)) path += extension;
  const QString source = QFileInfo(model_).isDir() ? model_ : QString();
  jobs_.start(
      "export", tr("Export"),
      [this, &exporter, path, source, model = document_->current(),
       weights = training_->weightsOf(*document_->current())](CancelToken, const Progress&) -> JobRunner::Deliver {
        exporter.write({.architecture = *model,
                        .weights = weights.empty() ? nullptr : &weights,
                        .path = path.toStdString(),
                        .source = source.toStdString()});
        return [this, path] { tell(tr("Written: %1").arg(path)); };
      },
      [this](const QString& sentence) {
        if (!sentence.isEmpty()) tell(sentence);
      });
}

}  // namespace fw
