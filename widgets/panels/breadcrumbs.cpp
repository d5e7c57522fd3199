// Where one is in the model.
#include "widgets/panels/breadcrumbs.h"

#include <QHBoxLayout>
#include <QPushButton>

#include "widgets/forms/label.h"

namespace fw::ui {

Breadcrumbs::Breadcrumbs(QWidget* parent) : QWidget(parent) {
  setObjectName("breadcrumbs");
  setAccessibleName(tr("Place in the model"));
  row_ = new QHBoxLayout(this);
  row_->setContentsMargins(10, 2, 16, 2);
  row_->setSpacing(12);
  auto* holder = new QWidget(this);
  steps_ = new QHBoxLayout(holder);
  steps_->setContentsMargins(0, 0, 0, 0);
  steps_->setSpacing(2);
  facts_ = new Label({}, TextRole::Secondary, Tone::Secondary, this);
  row_->addWidget(holder);
  row_->addStretch(1);
  row_->addWidget(facts_);
}

void Breadcrumbs::setPath(const QStringList& names) {
  if (names == names_) return;
  names_ = names;
  while (QLayoutItem* item = steps_->takeAt(0)) {
    item->widget()->hide();
    item->widget()->deleteLater();  // one of them may be emitting the signal that led here
    delete item;
  }
  for (int i = 0; i < names.size(); ++i) {
    if (i > 0) steps_->addWidget(new Label("›", TextRole::Body, Tone::Dim, this));
    const bool isLast = i + 1 == names.size();
    auto* step = new QPushButton(QString(names[i]).replace('&', "&&"), this);
    step->setProperty("isQuiet", true);
    step->setFont(ui::font(isLast ? TextRole::Heading : TextRole::Body));
    step->setFocusPolicy(isLast ? Qt::NoFocus : Qt::TabFocus);
    step->setAccessibleName(isLast ? tr("%1, shown").arg(names[i]) : tr("Back to %1").arg(names[i]));
    if (!isLast) connect(step, &QPushButton::clicked, this, [this, i] { emit stepChosen(i); });
    steps_->addWidget(step);
  }
}

void Breadcrumbs::setFacts(const QString& facts) { facts_->setText(facts); }

void Breadcrumbs::addWidget(QWidget* widget) { row_->insertWidget(row_->count() - 1, widget); }

}  // namespace fw::ui
