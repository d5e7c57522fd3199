// Asks what to do with edits that a crash left behind.
#include "app/recovery_dialog.h"

#include <QDateTime>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QListWidget>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/forms/label.h"
#include "widgets/number_format.h"
#include "widgets/theme.h"

namespace fw {

RecoveryDialog::RecoveryDialog(std::vector<LeftBehind> found, QWidget* parent)
    : QDialog(parent), found_(std::move(found)) {
  setObjectName("recoveryDialog");
  setWindowTitle(tr("Recover edits"));
  auto* heading = new ui::Label(tr("Formwright ended before these edits were saved"), ui::TextRole::Heading);
  auto* words = new ui::Label(tr("Recovering opens the model with its edits. Your file changes only when you save."),
                              ui::TextRole::Body, ui::Tone::Secondary);
  words->setWordWrap(true);
  list_ = new QListWidget;
  list_->setAccessibleName(tr("Models with unsaved edits"));
  list_->setSpacing(2);
  auto* buttons = new QDialogButtonBox;
  recover_ = buttons->addButton(tr("Recover"), QDialogButtonBox::AcceptRole);
  recover_->setProperty("isPrimary", true);
  recover_->setDefault(true);
  QPushButton* later = buttons->addButton(tr("Decide later"), QDialogButtonBox::RejectRole);
  discard_ = buttons->addButton(tr("Discard edits"), QDialogButtonBox::DestructiveRole);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(20, 18, 20, 16);
  layout->setSpacing(10);
  layout->addWidget(heading);
  layout->addWidget(words);
  layout->addWidget(list_, 1);
  layout->addWidget(buttons);
  resize(560, 300);
  connect(recover_, &QPushButton::clicked, this, &RecoveryDialog::recover);
  connect(later, &QPushButton::clicked, this, &QDialog::reject);
  connect(discard_, &QPushButton::clicked, this, &RecoveryDialog::discardCurrent);
  connect(list_, &QListWidget::itemActivated, this, &RecoveryDialog::recover);
  fill();
}

void RecoveryDialog::fill() {
  list_->clear();
  for (const LeftBehind& left : found_) {
    const QString file = QString::fromStdString(left.content.document);
    const QString name = !file.isEmpty() ? QFileInfo(file).fileName()
                         : left.content.architecture.name.empty()
                             ? tr("Untitled")
                             : QString::fromStdString(left.content.architecture.name);
    auto* item = new QListWidgetItem(
        tr("%1\n%2, the last on %3: %4")
            .arg(name, ui::counted(int64_t(left.content.edits), tr("1 edit"), tr("%1 edits")),
                 QLocale().toString(QDateTime::fromSecsSinceEpoch(left.content.time), QLocale::ShortFormat),
                 QString::fromStdString(left.content.title)),
        list_);
    item->setToolTip(file.isEmpty() ? tr("Never saved to a file") : file);
  }
  list_->setCurrentRow(0);
}

void RecoveryDialog::recover() {
  const int row = list_->currentRow();
  if (row < 0 || size_t(row) >= found_.size()) return;
  LeftBehind& left = found_[size_t(row)];
  const auto architecture = std::make_shared<const Architecture>(left.content.architecture);
  emit recovered(QString::fromStdString(left.content.document), architecture,
                 QString::fromStdString(left.content.title));
  discard(left);  // the window that took it has a journal of its own by now
  found_.erase(found_.begin() + row);
  accept();
}

void RecoveryDialog::discardCurrent() {
  const int row = list_->currentRow();
  if (row < 0 || size_t(row) >= found_.size()) return;
  discard(found_[size_t(row)]);
  found_.erase(found_.begin() + row);
  if (found_.empty()) return reject();
  fill();
}

}  // namespace fw
