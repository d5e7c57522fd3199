// Where one is in the model, each step a button back to it, and what is known of the whole.
#pragma once

#include <QStringList>
#include <QWidget>

class QHBoxLayout;

namespace fw::ui {

class Label;

class Breadcrumbs : public QWidget {
  Q_OBJECT
 public:
  explicit Breadcrumbs(QWidget* parent = nullptr);
  /// From the model inwards; the last is where one is.
  void setPath(const QStringList& names);
  const QStringList& path() const { return names_; }
  void setFacts(const QString& facts);
  /// Stands before the facts.
  void addWidget(QWidget* widget);

 signals:
  /// A step was clicked; 0: the model.
  void stepChosen(int depth);

 private:
  QStringList names_;
  QHBoxLayout* steps_;
  QHBoxLayout* row_;
  Label* facts_;
};

}  // namespace fw::ui
