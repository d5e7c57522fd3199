// The help.
#include "app/help_window.h"

#include <QFile>
#include <QLineEdit>
#include <QListWidget>
#include <QSplitter>
#include <QTextBrowser>
#include <QTextDocument>
#include <QVBoxLayout>

#include "app/block_page.h"
#include "engine/workbench/workbench.h"
#include "widgets/panels/palette_panel.h"

// Outside of any namespace, as the macro asks: the resource lies in a static library.
static void loadResource() { Q_INIT_RESOURCE(formwright); }

namespace fw {
namespace {

constexpr int kPageRole = Qt::UserRole, kTextRole = Qt::UserRole + 1;

QString titleOf(const QString& markdown) { return markdown.section('\n', 0, 0).remove(0, 2); }

}  // namespace

HelpWindow::HelpWindow(QWidget* parent) : QDialog(parent) {
  loadResource();
  setObjectName("helpWindow");
  setWindowTitle(tr("Formwright help"));
  search_ = new QLineEdit;
  search_->setPlaceholderText(tr("Search help…"));
  search_->setAccessibleName(tr("Search help"));
  ui::addSearchIcon(search_);
  contents_ = new QListWidget;
  contents_->setFrameShape(QFrame::NoFrame);
  contents_->setAccessibleName(tr("Pages"));
  text_ = new QTextBrowser;
  text_->setFrameShape(QFrame::NoFrame);
  text_->setOpenLinks(false);
  text_->document()->setDocumentMargin(20);
  text_->setAccessibleName(tr("Page"));

  const auto add = [this](const QString& page, const QString& markdown) {
    auto* item = new QListWidgetItem(titleOf(markdown), contents_);
    item->setData(kPageRole, page);
    item->setData(kTextRole, markdown);
  };
  for (const char* name : {"getting-started", "canvas", "training", "panels", "command-line", "files"}) {
    QFile file(QString(":/help/%1.md").arg(name));
    if (file.open(QIODevice::ReadOnly)) add(name, QString::fromUtf8(file.readAll()));
  }
  for (const BlockDef& block : allBlocks()) add(QString::fromStdString(block.id), blockPage(block));

  auto* left = new QWidget;
  auto* leftLayout = new QVBoxLayout(left);
  leftLayout->setContentsMargins(10, 10, 4, 6);
  leftLayout->addWidget(search_);
  leftLayout->addWidget(contents_, 1);
  auto* split = new QSplitter;
  split->setHandleWidth(1);
  split->addWidget(left);
  split->addWidget(text_);
  split->setStretchFactor(1, 1);
  split->setSizes({230, 670});
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(split);
  resize(900, 680);

  connect(contents_, &QListWidget::currentItemChanged, this, [this](QListWidgetItem* item) {
    if (item) text_->setMarkdown(item->data(kTextRole).toString());
  });
  connect(search_, &QLineEdit::textChanged, this, &HelpWindow::search);
  connect(text_, &QTextBrowser::anchorClicked, this, [this](const QUrl& link) { showPage(link.path().remove(".md")); });
  contents_->setCurrentRow(0);
}

bool HelpWindow::showPage(const QString& page) {
  for (int row = 0; row < contents_->count(); ++row) {
    if (contents_->item(row)->data(kPageRole).toString() != page) continue;
    search_->clear();
    contents_->setCurrentRow(row);
    return true;
  }
  return false;
}

QString HelpWindow::page() const {
  return contents_->currentItem() ? contents_->currentItem()->data(kPageRole).toString() : QString();
}

void HelpWindow::search(const QString& words) {
  int first = -1;
  for (int row = 0; row < contents_->count(); ++row) {
    const bool isFound =
        contents_->item(row)->data(kTextRole).toString().contains(words.trimmed(), Qt::CaseInsensitive);
    contents_->item(row)->setHidden(!isFound);
    if (isFound && first < 0) first = row;
  }
  if (first >= 0 && (!contents_->currentItem() || contents_->currentItem()->isHidden()))
    contents_->setCurrentRow(first);
}

}  // namespace fw
