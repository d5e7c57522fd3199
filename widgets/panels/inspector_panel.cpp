// The inspector: a form of the selected nodes' parameters, their weights, cost, live shapes and problems.
#include "widgets/panels/inspector_panel.h"

#include <QAction>
#include <QEvent>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "widgets/forms/label.h"
#include "widgets/forms/text_field.h"
#include "widgets/icons.h"
#include "widgets/panels/severity.h"
#include "widgets/panels/state_frame.h"

namespace fw::ui {
namespace {

class HairLine : public QWidget {
 public:
  explicit HairLine(QWidget* parent) : QWidget(parent) { setFixedHeight(1); }

 protected:
  void paintEvent(QPaintEvent*) override { QPainter(this).fillRect(rect(), Theme::of(this).hairline); }
};

// The colour of a block's category beside its title.
class Strip : public QWidget {
 public:
  explicit Strip(QWidget* parent) : QWidget(parent) { setFixedWidth(4); }
  void setCategory(const QString& category) {
    category_ = category;
    setVisible(!category.isEmpty());
    update();
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::of(this).category(category_));
    painter.drawRoundedRect(QRectF(0, 2, 4, height() - 4), 2, 2);
  }

 private:
  QString category_;
};

QWidget* section(const QString& title, QWidget* parent, QVBoxLayout** layout, Label** titleLabel = nullptr) {
  auto* widget = new QWidget(parent);
  *layout = new QVBoxLayout(widget);
  (*layout)->setContentsMargins(0, 6, 0, 0);
  (*layout)->setSpacing(6);
  (*layout)->addWidget(new HairLine(widget));
  auto* label = new Label(title, TextRole::Section, Tone::Dim, widget);
  (*layout)->addSpacing(4);
  (*layout)->addWidget(label);
  if (titleLabel) *titleLabel = label;
  return widget;
}

void clear(QVBoxLayout* layout, int from) {
  while (layout->count() > from) {
    QLayoutItem* item = layout->takeAt(from);
    if (item->widget()) {
      item->widget()->hide();
      item->widget()->deleteLater();
    }
    delete item;
  }
}

// Name at the left, value at the right.
QWidget* row(const QString& name, const QString& value, const QString& toolTip, QWidget* parent,
             Tone tone = Tone::Normal) {
  auto* widget = new QWidget(parent);
  auto* layout = new QHBoxLayout(widget);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(12);
  auto* left = new Label(name, TextRole::Body, Tone::Secondary, widget);
  auto* right = new Label(value, TextRole::Body, tone, widget);
  left->setElided(Qt::ElideRight);
  right->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  right->setTextInteractionFlags(Qt::TextSelectableByMouse);
  widget->setToolTip(toolTip);
  layout->addWidget(left, 1);
  layout->addWidget(right);
  return widget;
}

// A sentence that jumps where it belongs, with an icon and the mend it offers.
class ProblemRow : public QWidget {
 public:
  ProblemRow(const InspectorProblem& problem, QWidget* parent) : QWidget(parent), severity_(problem.severity) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(30, 7, 8, 8);
    auto* text = new Label(problem.text, TextRole::Secondary, Tone::Normal, this);
    text->setWordWrap(true);
    layout->addWidget(text);
    if (!problem.fix.isEmpty()) {
      fix_ = new QPushButton(problem.fix, this);
      layout->addWidget(fix_, 0, Qt::AlignLeft);
    }
  }
  QPushButton* fix() const { return fix_; }

 protected:
  void paintEvent(QPaintEvent*) override {
    const Theme& theme = Theme::of(this);
    const QColor color = theme.tone(severityTone(severity_));
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, 1));
    painter.setBrush(mix(theme.panel, color, 0.08));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
    paintIcon(painter, severityIcon(severity_), QRectF(9, 8, 14, 14), color);
  }

 private:
  Severity severity_;
  QPushButton* fix_ = nullptr;
};

}  // namespace

// The weights' policy with its chip and what it saves; opens a menu of the others.
class InspectorPanel::Card : public QPushButton {
 public:
  explicit Card(QWidget* parent) : QPushButton(parent) {
    setAccessibleName(InspectorPanel::tr("Weights"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  }

  void show(const WeightCard& card) {
    card_ = card;
    setAccessibleDescription(card.title + " " + card.change);
    update();
  }

  QSize sizeHint() const override { return QSize(120, std::max(30, fontMetrics().height() + 14)); }
  QSize minimumSizeHint() const override { return QSize(80, sizeHint().height()); }

 protected:
  void paintEvent(QPaintEvent*) override {
    const Theme& theme = Theme::of(this);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool hasChip = card_.series >= 0;
    const QColor chip = hasChip ? theme.series(card_.series) : theme.faint;
    const bool isLit = underMouse() || isDown();
    painter.setPen(QPen(showsFocus(this) ? theme.accent : hasChip ? chip : theme.hairline, showsFocus(this) ? 1.5 : 1));
    painter.setBrush(hasChip ? mix(theme.panel, chip, isLit ? 0.16 : 0.09) : isLit ? theme.hover : theme.raised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.75, 0.75, -0.75, -0.75), 5, 5);
    int left = 10;
    if (hasChip) {
      painter.setPen(Qt::NoPen);
      painter.setBrush(chip);
      painter.drawEllipse(QRectF(10, height() / 2.0 - 5, 10, 10));
      left = 28;
    }
    int right = width() - 10;
    if (!card_.choices.empty()) {
      paintIcon(painter, Icon::ChevronDown, QRectF(right - 12, height() / 2.0 - 6, 12, 12), theme.secondary);
      right -= 18;
    }
    if (!card_.change.isEmpty()) {
      QFont strong = font();
      strong.setWeight(QFont::DemiBold);
      painter.setFont(strong);
      const int advance = painter.fontMetrics().horizontalAdvance(card_.change);
      painter.setPen(card_.isGood ? theme.good : theme.warning);
      painter.drawText(QRect(right - advance, 0, advance, height()), Qt::AlignVCenter | Qt::AlignRight, card_.change);
      right -= advance + 10;
    }
    painter.setFont(font());
    painter.setPen(isEnabled() ? theme.text : theme.faint);
    painter.drawText(QRect(left, 0, right - left, height()), Qt::AlignVCenter | Qt::AlignLeft,
                     fontMetrics().elidedText(card_.title, Qt::ElideRight, right - left));
  }

 private:
  WeightCard card_;
};

InspectorPanel::InspectorPanel(QWidget* parent) : QWidget(parent) {
  setObjectName("inspectorPanel");
  setAccessibleName(tr("Inspector"));
  scroll_ = new QScrollArea;
  scroll_->setWidgetResizable(true);
  scroll_->setFocusPolicy(Qt::NoFocus);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  auto* body = new QWidget;
  auto* layout = new QVBoxLayout(body);
  layout->setContentsMargins(16, 12, 16, 16);
  layout->setSpacing(10);

  auto* head = new QHBoxLayout;
  head->setSpacing(10);
  strip_ = new Strip(body);
  auto* titles = new QVBoxLayout;
  titles->setSpacing(2);
  title_ = new Label({}, TextRole::Title, Tone::Normal, body);
  title_->setWordWrap(true);
  subtitle_ = new Label({}, TextRole::Secondary, Tone::Secondary, body);
  subtitle_->setElided(Qt::ElideMiddle);
  titles->addWidget(title_);
  titles->addWidget(subtitle_);
  head->addWidget(strip_);
  head->addLayout(titles, 1);
  layout->addLayout(head);

  problems_ = new QWidget(body);
  problemsLayout_ = new QVBoxLayout(problems_);
  problemsLayout_->setContentsMargins(0, 0, 0, 0);
  problemsLayout_->setSpacing(6);
  layout->addWidget(problems_);

  nameRow_ = new QWidget(body);
  auto* nameLayout = new QHBoxLayout(nameRow_);
  nameLayout->setContentsMargins(0, 0, 0, 0);
  nameLayout->setSpacing(12);
  name_ = new TextField(nameRow_);
  name_->setObjectName("nodeName");
  name_->setAccessibleName(tr("Name"));
  name_->setToolTip(tr("The node's part of the module path, as in exported weights."));
  nameLayout->addWidget(new Label(tr("Name"), TextRole::Body, Tone::Secondary, nameRow_), 10);
  nameLayout->addWidget(name_, 11);
  layout->addWidget(nameRow_);

  form_ = new ParamForm(body);
  layout->addWidget(form_);

  QVBoxLayout* weights = nullptr;
  weightsSection_ = section(tr("Weights"), body, &weights);
  card_ = new Card(weightsSection_);
  weightsForm_ = new ParamForm(weightsSection_);
  weights->addWidget(card_);
  weights->addWidget(weightsForm_);
  layout->addWidget(weightsSection_);

  costSection_ = section({}, body, &costLayout_, &costTitle_);
  layout->addWidget(costSection_);
  portsSection_ = section(tr("Shapes"), body, &portsLayout_);
  layout->addWidget(portsSection_);

  QVBoxLayout* help = nullptr;
  helpSection_ = section(tr("About"), body, &help);
  help_ = new Label({}, TextRole::Secondary, Tone::Secondary, helpSection_);
  help_->setWordWrap(true);
  paper_ = new Label({}, TextRole::Secondary, Tone::Dim, helpSection_);
  paper_->setWordWrap(true);
  paper_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  help->addWidget(help_);
  help->addWidget(paper_);
  layout->addWidget(helpSection_);
  layout->addStretch();
  scroll_->setWidget(body);

  frame_ = new StateFrame(scroll_, Icon::Settings, this);
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->addWidget(frame_);

  connect(frame_, &StateFrame::actionRequested, this, &InspectorPanel::actionRequested);
  connect(form_, &ParamForm::menuRequested, this, &InspectorPanel::paramMenuRequested);
  connect(form_, &ParamForm::edited, this, &InspectorPanel::paramEdited);
  connect(weightsForm_, &ParamForm::edited, this, &InspectorPanel::weightParamEdited);
  connect(name_, &QLineEdit::editingFinished, this, [this] {
    if (!name_->isModified()) return;
    name_->setModified(false);
    const QString name = name_->text().trimmed();
    if (name.isEmpty() || name == state_.name)
      name_->setText(state_.name);
    else
      emit renamed(name);
  });
  connect(card_, &QPushButton::clicked, this, [this] {
    if (!state_.weights || state_.weights->choices.empty()) return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    for (const WeightCard::Choice& choice : state_.weights->choices) {
      QAction* action = menu->addAction(choice.title);
      action->setToolTip(choice.help);
      action->setCheckable(true);
      action->setChecked(choice.isCurrent);
      connect(action, &QAction::triggered, this, [this, id = choice.id] { emit weightsChosen(id); });
    }
    menu->popup(card_->mapToGlobal(QPoint(0, card_->height() + 2)));
  });
}

void InspectorPanel::setState(const InspectorState& state) {
  const bool isOtherSubject = state.subject != state_.subject;
  state_ = state;
  frame_->setState(state.panel);
  showHead();
  showProblems();
  form_->setFields(state.fields, state.subject);
  form_->setVisible(!state.fields.empty());
  showWeights();
  showRows();
  help_->setText(state.help);
  paper_->setText(state.paper);
  paper_->setVisible(!state.paper.isEmpty());
  helpSection_->setVisible(!state.help.isEmpty() || !state.paper.isEmpty());
  if (isOtherSubject) scroll_->ensureVisible(0, 0);
}

void InspectorPanel::showHead() {
  title_->setText(state_.title);
  subtitle_->setText(state_.subtitle);
  subtitle_->setVisible(!state_.subtitle.isEmpty());
  static_cast<Strip*>(strip_)->setCategory(state_.category);
  nameRow_->setVisible(!state_.name.isEmpty());
  if (!(name_->hasFocus() && name_->isModified()) && name_->text() != state_.name) name_->setText(state_.name);
}

void InspectorPanel::showProblems() {
  clear(problemsLayout_, 0);
  problems_->setVisible(!state_.problems.empty());
  for (size_t i = 0; i < state_.problems.size(); ++i) {
    auto* row = new ProblemRow(state_.problems[i], problems_);
    problemsLayout_->addWidget(row);
    if (row->fix()) connect(row->fix(), &QPushButton::clicked, this, [this, i] { emit fixRequested(int(i)); });
  }
}

void InspectorPanel::showWeights() {
  weightsSection_->setVisible(state_.weights.has_value());
  if (!state_.weights) return;
  card_->show(*state_.weights);
  weightsForm_->setFields(state_.weights->params, state_.subject);
  weightsForm_->setVisible(!state_.weights->params.empty());
}

void InspectorPanel::showRows() {
  // The hairline, the space and the head stay.
  constexpr int head = 3;
  costSection_->setVisible(!state_.costs.empty());
  costTitle_->setText(state_.costTitle);
  clear(costLayout_, head);
  for (const CostRow& cost : state_.costs)
    costLayout_->addWidget(row(cost.name, cost.value, cost.toolTip, costSection_));
  portsSection_->setVisible(!state_.ports.empty());
  clear(portsLayout_, head);
  for (const PortRow& port : state_.ports) {
    const QString arrow = port.isOutput ? QString("\u2192 ") : QString("\u2190 ");
    const QString shape = port.shape.isEmpty() ? port.dims : port.shape;
    portsLayout_->addWidget(row(arrow + port.name, shape.isEmpty() ? tr("any") : shape, port.dims, portsSection_,
                                !port.error.isEmpty()  ? Tone::Error
                                : port.shape.isEmpty() ? Tone::Dim
                                                       : Tone::Normal));
    if (port.error.isEmpty()) continue;
    auto* sentence = new Label(port.error, TextRole::Secondary, Tone::Error, portsSection_);
    sentence->setWordWrap(true);
    portsLayout_->addWidget(sentence);
  }
}

void InspectorPanel::focusParam(const QString& name) {
  QWidget* editor = form_->editor(name);
  if (!editor) return;
  scroll_->ensureWidgetVisible(editor);
  form_->focusField(name);
}

}  // namespace fw::ui
