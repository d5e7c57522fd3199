// The palette: search field and the blocks by category, to be dragged to the canvas or added by Enter.
#include "widgets/panels/palette_panel.h"

#include <QAction>
#include <QKeyEvent>
#include <QLineEdit>
#include <QVBoxLayout>

#include "widgets/forms/label.h"
#include "widgets/forms/text_field.h"
#include "widgets/icons.h"
#include "widgets/panels/state_frame.h"

namespace fw::ui {

void addSearchIcon(QLineEdit* field) {
  field->addAction(icon(Icon::Search), QLineEdit::LeadingPosition);
  field->setClearButtonEnabled(true);
}

PalettePanel::PalettePanel(QWidget* parent) : QWidget(parent) {
  setObjectName("palettePanel");
  setAccessibleName(tr("Palette"));
  search_ = new TextField(this);
  search_->setPlaceholderText(tr("Search blocks\u2026"));
  search_->setAccessibleName(tr("Search blocks"));
  addSearchIcon(search_);
  search_->installEventFilter(this);
  auto* content = new QWidget;
  list_ = new BlockListView(content);
  auto* nothing = new Label(tr("No block fits. Fewer letters, or a synonym such as MHA or SwiGLU, may find it."),
                            TextRole::Secondary, Tone::Dim, content);
  nothing->setWordWrap(true);
  nothing->hide();
  auto* inner = new QVBoxLayout(content);
  inner->setContentsMargins(0, 0, 0, 0);
  inner->addWidget(nothing);
  inner->addWidget(list_, 1);
  frame_ = new StateFrame(content, Icon::Grid, this);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(12, 10, 2, 4);
  auto* top = new QHBoxLayout;
  top->setContentsMargins(0, 0, 10, 0);
  top->addWidget(search_);
  layout->addLayout(top);
  layout->addWidget(frame_, 1);

  connect(search_, &QLineEdit::textChanged, this, [this, nothing](const QString& text) {
    list_->blocks()->setQuery(text);
    if (!text.trimmed().isEmpty()) list_->selectFirst();
    const bool isNothing = list_->blocks()->rowCount() == 0 && !list_->blocks()->blocks().empty();
    nothing->setVisible(isNothing);
    list_->setVisible(!isNothing);
  });
  connect(list_, &BlockListView::chosen, this, &PalettePanel::blockActivated);
  list_->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(list_, &QWidget::customContextMenuRequested, this, [this](const QPoint& p) {
    const QString id = list_->indexAt(p).data(BlockListModel::IdRole).toString();
    if (!id.isEmpty()) emit menuRequested(id, list_->viewport()->mapToGlobal(p));
  });
  connect(frame_, &StateFrame::actionRequested, this, &PalettePanel::actionRequested);
}

void PalettePanel::setState(const PaletteState& state) {
  const QString current = list_->currentId();
  list_->blocks()->setBlocks(state.blocks);
  list_->blocks()->setRecent(state.recent);
  for (int row = 0; row < list_->blocks()->rowCount() && !current.isEmpty(); ++row)
    if (const QModelIndex index = list_->blocks()->index(row);
        index.data(BlockListModel::IdRole).toString() == current) {
      list_->setCurrentIndex(index);
      break;
    }
  frame_->setState(state.panel);
}

void PalettePanel::focusSearch() {
  search_->setFocus(Qt::ShortcutFocusReason);
  search_->selectAll();
}

bool PalettePanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched != search_ || event->type() != QEvent::KeyPress) return QWidget::eventFilter(watched, event);
  auto* key = static_cast<QKeyEvent*>(event);
  switch (key->key()) {
    case Qt::Key_Up:
      list_->moveCurrent(-1);
      return true;
    case Qt::Key_Down:
      list_->moveCurrent(1);
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (!list_->currentId().isEmpty()) emit blockActivated(list_->currentId());
      return true;
    case Qt::Key_Escape:
      if (search_->text().isEmpty()) return false;
      search_->clear();
      return true;
    default:
      return false;
  }
}

}  // namespace fw::ui
