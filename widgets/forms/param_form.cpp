// A form made from parameter definitions: title, field, sentence under the field; updated in place while it is edited.
#include "widgets/forms/param_form.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QVBoxLayout>

#include "widgets/forms/choice_field.h"
#include "widgets/forms/label.h"
#include "widgets/forms/number_field.h"
#include "widgets/forms/switch.h"
#include "widgets/forms/text_field.h"
#include "widgets/number_format.h"

namespace fw::ui {
namespace {

// "kv_heads" -> "Kv heads", for parameters without a title.
QString titleOf(const ParamDef& def) {
  QString title = QString::fromStdString(def.title.empty() ? def.name : def.title);
  title.replace('_', ' ');
  if (!title.isEmpty()) title[0] = title[0].toUpper();
  return title;
}

// "power_of_two" reads as "Power of two" in a list of choices.
QString choiceTitle(const std::string& choice) {
  QString title = QString::fromStdString(choice);
  title.replace('_', ' ');
  if (!title.isEmpty()) title[0] = title[0].toUpper();
  return title;
}

QString helpOf(const ParamDef& def) {
  QString help = QString::fromStdString(def.helpText);
  const bool hasRange = def.minimum > -1e299 && def.maximum < 1e299;
  if ((def.type == ParamType::Int || def.type == ParamType::Real) && hasRange)
    help += (help.isEmpty() ? "" : "\n") +
            ParamForm::tr("%1 to %2").arg(formatValue(def.minimum), formatValue(def.maximum));
  if (def.mustBeOdd) help += "\n" + ParamForm::tr("Odd.");
  if (def.mustBePowerOfTwo) help += "\n" + ParamForm::tr("A power of two.");
  return help.trimmed();
}

}  // namespace

struct ParamForm::Row {
  ParamDef def;
  Label* title = nullptr;
  Label* resolved = nullptr;
  Label* sentence = nullptr;
  NumberField* number = nullptr;
  Switch* toggle = nullptr;
  ChoiceField* choice = nullptr;
  TextField* text = nullptr;
  QWidget* editor = nullptr;
  QString complaint;  // about the text being typed
  QString error, note;
};

ParamForm::ParamForm(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
}

ParamForm::~ParamForm() = default;

bool ParamForm::hasSameRows(const std::vector<ParamField>& fields) const {
  if (fields.size() != rows_.size()) return false;
  for (size_t i = 0; i < fields.size(); ++i) {
    const ParamDef& a = fields[i].def;
    const ParamDef& b = rows_[i]->def;
    if (a.name != b.name || a.type != b.type || a.title != b.title || a.choices != b.choices ||
        a.minimum != b.minimum || a.maximum != b.maximum || a.mustBeOdd != b.mustBeOdd ||
        a.mustBePowerOfTwo != b.mustBePowerOfTwo)
      return false;
  }
  return true;
}

void ParamForm::setFields(const std::vector<ParamField>& fields, const QString& subject) {
  const bool isOtherSubject = subject != subject_;
  subject_ = subject;
  if (!body_ || !hasSameRows(fields)) {
    rebuild(fields);
  } else if (isOtherSubject) {
    for (const auto& row : rows_) {
      row->complaint.clear();
      if (row->number) row->number->forgetTyping();
      if (row->text) row->text->setModified(false);
    }
  }
  fields_ = fields;
  for (size_t i = 0; i < fields.size(); ++i) showField(*rows_[i], fields[i]);
}

void ParamForm::rebuild(const std::vector<ParamField>& fields) {
  QString focused;
  for (const auto& row : rows_) {
    if (row->editor->hasFocus()) focused = QString::fromStdString(row->def.name);
    row->editor->blockSignals(true);  // what loses focus now belongs to a subject that is gone
  }
  rows_.clear();
  if (body_) {
    body_->hide();
    body_->deleteLater();  // one of its editors may be emitting the signal that led here
  }
  body_ = new QWidget(this);
  grid_ = new QGridLayout(body_);
  grid_->setContentsMargins(0, 0, 0, 0);
  grid_->setHorizontalSpacing(12);
  grid_->setVerticalSpacing(3);
  grid_->setColumnStretch(0, 10);
  grid_->setColumnStretch(1, 11);
  for (const ParamField& field : fields) addRow(field);
  layout()->addWidget(body_);
  if (!focused.isEmpty()) focusField(focused);
}

void ParamForm::addRow(const ParamField& field) {
  auto row = std::make_unique<Row>();
  Row* const at = row.get();
  const QString name = QString::fromStdString(field.def.name);
  at->def = field.def;
  at->title = new Label(titleOf(field.def), TextRole::Body, Tone::Secondary, body_);
  at->title->setElided(Qt::ElideRight);
  at->title->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(at->title, &QWidget::customContextMenuRequested, this,
          [this, name, title = at->title](const QPoint& p) { emit menuRequested(name, title->mapToGlobal(p)); });
  at->resolved = new Label({}, TextRole::Secondary, Tone::Dim, body_);
  at->sentence = new Label({}, TextRole::Secondary, Tone::Error, body_);
  at->sentence->setWordWrap(true);

  switch (field.def.type) {
    case ParamType::Int:
    case ParamType::Real:
      at->number = new NumberField(field.def, body_);
      at->editor = at->number;
      connect(at->number, &NumberField::edited, this,
              [this, name](const ParamValue& value, bool isFinal) { emit edited(name, value, isFinal); });
      connect(at->number, &NumberField::complained, this, [this, at](const QString& sentence) {
        at->complaint = sentence;
        showSentence(*at);
      });
      break;
    case ParamType::Bool:
      at->toggle = new Switch(body_);
      at->editor = at->toggle;
      connect(at->toggle, &Switch::clicked, this, [this, name](bool isOn) { emit edited(name, isOn, true); });
      break;
    case ParamType::Choice:
      at->choice = new ChoiceField(body_);
      at->editor = at->choice;
      for (const std::string& choice : field.def.choices)
        at->choice->addChoice(QString::fromStdString(choice), choiceTitle(choice));
      connect(at->choice, &ChoiceField::chosen, this,
              [this, name](const QString& id) { emit edited(name, id.toStdString(), true); });
      break;
    case ParamType::Text:
      at->text = new TextField(body_);
      at->editor = at->text;
      connect(at->text, &QLineEdit::editingFinished, this, [this, name, at] {
        if (!at->text->isModified()) return;
        at->text->setModified(false);
        emit edited(name, at->text->text().toStdString(), true);
      });
      break;
  }
  const QString help = helpOf(field.def);
  for (QWidget* widget : {static_cast<QWidget*>(at->title), at->editor}) widget->setToolTip(help);
  at->editor->setObjectName(name);
  at->editor->setAccessibleName(titleOf(field.def));
  at->editor->setAccessibleDescription(help);
  at->title->setBuddy(at->editor);

  const int line = grid_->rowCount();
  auto* cell = new QWidget(body_);
  auto* box = new QHBoxLayout(cell);
  box->setContentsMargins(0, 0, 0, 0);
  box->addWidget(at->editor, at->toggle ? 0 : 1);
  box->addWidget(at->resolved);
  if (at->toggle) box->addStretch();
  cell->setMinimumHeight(28);
  grid_->addWidget(at->title, line, 0);
  grid_->addWidget(cell, line, 1);
  grid_->addWidget(at->sentence, line + 1, 0, 1, 2);
  if (!rows_.empty()) setTabOrder(rows_.back()->editor, at->editor);
  rows_.push_back(std::move(row));
}

void ParamForm::showField(Row& row, const ParamField& field) {
  row.editor->setEnabled(field.isEnabled);
  if (row.number) {
    row.number->setValue(field.value, field.isMixed);
  } else if (row.toggle) {
    const bool* isOn = std::get_if<bool>(&field.value);
    row.toggle->setChecked(isOn && *isOn);
    row.toggle->setMixed(field.isMixed);
  } else if (row.choice) {
    row.choice->setChoice(QString::fromStdString(toText(field.value)), field.isMixed);
  } else if (row.text && !(row.text->hasFocus() && row.text->isModified())) {
    const QString shown = field.isMixed ? QString() : QString::fromStdString(toText(field.value));
    row.text->setPlaceholderText(field.isMixed ? tr("mixed") : QString());
    if (row.text->text() != shown) row.text->setText(shown);
    row.text->setModified(false);
  }
  row.resolved->setText(field.resolved.isEmpty() ? QString() : "= " + field.resolved);
  row.resolved->setVisible(!field.resolved.isEmpty());
  row.error = field.error;
  row.note = field.note;
  showSentence(row);
}

void ParamForm::showSentence(Row& row) {
  const QString error = row.complaint.isEmpty() ? row.error : row.complaint;
  row.sentence->setTone(error.isEmpty() ? Tone::Dim : Tone::Error);
  row.sentence->setText(error.isEmpty() ? row.note : error);
  row.sentence->setVisible(!row.sentence->text().isEmpty());
  row.editor->setProperty("hasError", !error.isEmpty());
  row.editor->update();
}

QWidget* ParamForm::editor(const QString& name) const {
  for (const auto& row : rows_)
    if (QString::fromStdString(row->def.name) == name) return row->editor;
  return nullptr;
}

void ParamForm::focusField(const QString& name) {
  if (QWidget* field = editor(name)) field->setFocus(Qt::TabFocusReason);
}

}  // namespace fw::ui
