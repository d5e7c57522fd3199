// A sentence with buttons above the canvas.
#include "widgets/panels/notice_bar.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QPushButton>

#include "widgets/forms/label.h"

namespace fw::ui {

NoticeBar::NoticeBar(QWidget* parent) : QFrame(parent), text_(new Label({}, TextRole::Body, Tone::Warning, this)) {
  setObjectName("noticeBar");
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::AlternateBase);
  text_->setWordWrap(true);
  row_ = new QHBoxLayout(this);
  row_->setContentsMargins(12, 6, 12, 6);
  row_->addWidget(text_, 1);
  hide();
}

QString NoticeBar::sentence() const { return text_->text(); }

void NoticeBar::tell(const QString& sentence, const std::vector<Choice>& choices) {
  for (QPushButton* button : buttons_) button->deleteLater();
  buttons_.clear();
  text_->setText(sentence);
  setAccessibleName(sentence);
  for (const Choice& choice : choices) {
    auto* button = new QPushButton(choice.text, this);
    connect(button, &QPushButton::clicked, this, [this, run = choice.run] {
      hide();
      if (run) run();
    });
    row_->addWidget(button);
    buttons_.push_back(button);
  }
  show();
  QAccessibleEvent alert(this, QAccessible::Alert);
  QAccessible::updateAccessibility(&alert);
}

}  // namespace fw::ui
