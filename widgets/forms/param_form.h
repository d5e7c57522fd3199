// A form made from parameter definitions: title, field, sentence under the field; updated in place while it is edited.
#pragma once

#include <QString>
#include <QWidget>
#include <memory>
#include <vector>

#include "engine/arch/block.h"

class QGridLayout;

namespace fw::ui {

/// One row: the definition and what to show.
struct ParamField {
  ParamDef def;
  ParamValue value;
  bool isMixed = false;  // several nodes with different values
  bool isEnabled = true;
  QString resolved;  // of an expression: "2 048", shown beside the field
  QString error;     // a sentence, shown under the field
  QString note;      // "layer 3 has 4", shown under the field, dim
};

class ParamForm : public QWidget {
  Q_OBJECT
 public:
  explicit ParamForm(QWidget* parent = nullptr);
  ~ParamForm() override;

  /// Shows the fields of `subject` (whose they are: a node, a selection). Rows with the same parameters stay, with
  /// focus; a text being typed stays while the subject is the same.
  void setFields(const std::vector<ParamField>& fields, const QString& subject = {});
  const std::vector<ParamField>& fields() const { return fields_; }
  /// The editor of a parameter, or nullptr; for focus from a problem ("[attention.heads] ...") and for tests.
  QWidget* editor(const QString& name) const;
  void focusField(const QString& name);

 signals:
  /// isFinal false while a gesture goes on: the edits of one gesture, up to the final one, are one step of undo.
  void edited(const QString& name, const fw::ParamValue& value, bool isFinal);
  /// The title of a parameter was clicked with the right button.
  void menuRequested(const QString& name, const QPoint& global);

 private:
  struct Row;
  bool hasSameRows(const std::vector<ParamField>& fields) const;
  void rebuild(const std::vector<ParamField>& fields);
  void addRow(const ParamField& field);
  void showField(Row& row, const ParamField& field);
  void showSentence(Row& row);

  std::vector<ParamField> fields_;
  QString subject_;
  std::vector<std::unique_ptr<Row>> rows_;
  QWidget* body_ = nullptr;  // holds the rows
  QGridLayout* grid_ = nullptr;
};

}  // namespace fw::ui
