// The widget style: which widgets it touches, panels, marks and frames. Sizes are in style_metrics.cpp, controls in
// style_controls.cpp.
#include "widgets/style.h"

#include <QComboBox>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QTabBar>
#include <QToolButton>

#include "widgets/style_paint.h"

namespace fw::ui {

Style::Style() : QProxyStyle("Fusion") { setObjectName("formwright"); }

void Style::polish(QWidget* widget) {
  QProxyStyle::polish(widget);
  if (qobject_cast<QAbstractButton*>(widget) || qobject_cast<QComboBox*>(widget) || qobject_cast<QLineEdit*>(widget) ||
      qobject_cast<QScrollBar*>(widget) || qobject_cast<QTabBar*>(widget))
    widget->setAttribute(Qt::WA_Hover);
  if (widget->inherits("QTipLabel") || qobject_cast<QMenu*>(widget)) widget->setAttribute(Qt::WA_TranslucentBackground);
}

void Style::unpolish(QWidget* widget) { QProxyStyle::unpolish(widget); }

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                          const QWidget* widget) const {
  const Theme& theme = Theme::of(option->palette);
  const bool isEnabled = is(option, State_Enabled);
  switch (element) {
    case PE_PanelLineEdit:
      if (widget &&
          (qobject_cast<QComboBox*>(widget->parentWidget()) || widget->parentWidget()->inherits("QAbstractSpinBox")))
        return;  // the parent has painted the field
      if (const auto* edit = qobject_cast<const QLineEdit*>(widget); edit && !edit->hasFrame()) return;
      paintBox(painter, option->rect, fieldBox(option, widget));
      return;
    case PE_FrameLineEdit:
    case PE_FrameStatusBarItem:
    case PE_PanelStatusBar:
    case PE_IndicatorToolBarSeparator:
    case PE_FrameDockWidget:
    case PE_FrameMenu:
    case PE_FrameTabWidget:
      return;
    case PE_FrameTabBarBase:
      painter->fillRect(QRect(option->rect.x(), option->rect.bottom(), option->rect.width(), 1), theme.hairline);
      return;
    case PE_Frame:
      if (const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option); frame && frame->lineWidth > 0)
        paintBox(painter, option->rect, {QColor(), theme.hairline});
      return;
    case PE_FrameFocusRect:
      if (is(option, State_KeyboardFocusChange)) paintBox(painter, option->rect, {QColor(), theme.accent, 1.5}, 4);
      return;
    case PE_PanelMenu:
    case PE_PanelTipLabel:
      paintBox(painter, option->rect, {theme.raised, theme.nodeBorder}, 6);
      return;
    case PE_PanelButtonTool: {
      const auto* button = qobject_cast<const QToolButton*>(widget);
      paintBox(painter, option->rect,
               buttonBox(option, widget, is(option, State_Sunken), button && button->autoRaise()));
      return;
    }
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck: {
      const bool isOn = is(option, State_On), isMixed = is(option, State_NoChange);
      const bool isFilled = (isOn || isMixed) && isEnabled;
      const QColor field = theme.isDark ? theme.window : theme.panel;
      StyleBox box{isFilled ? theme.accentFill : field, isFilled ? theme.accentFill : theme.faint};
      if (optionShowsFocus(option)) box.border = isFilled ? theme.text : theme.accent, box.borderWidth = 1.5;
      paintBox(painter, QRectF(option->rect).adjusted(1, 1, -1, -1), box, 4);
      if (isOn || isMixed)
        paintIcon(*painter, isOn ? Icon::Check : Icon::Minus, QRectF(option->rect).adjusted(2, 2, -2, -2),
                  isEnabled ? theme.onAccent : theme.faint);
      return;
    }
    case PE_IndicatorRadioButton: {
      const bool isOn = is(option, State_On);
      paintBox(painter, QRectF(option->rect).adjusted(1, 1, -1, -1),
               {theme.isDark ? theme.window : theme.panel, isOn && isEnabled ? theme.accent : theme.faint, 1.5}, 7);
      if (isOn)
        paintBox(painter, QRectF(option->rect).adjusted(5, 5, -5, -5),
                 {isEnabled ? theme.accent : theme.faint, QColor()}, 3);
      return;
    }
    case PE_IndicatorArrowDown:
      paintChevron(painter, option->rect, Icon::ChevronDown, isEnabled ? theme.secondary : theme.faint);
      return;
    case PE_IndicatorArrowUp:
      paintChevron(painter, option->rect, Icon::ChevronUp, isEnabled ? theme.secondary : theme.faint);
      return;
    case PE_IndicatorArrowRight:
      paintChevron(painter, option->rect, Icon::ChevronRight, isEnabled ? theme.secondary : theme.faint);
      return;
    case PE_IndicatorArrowLeft:
      paintChevron(painter, option->rect, Icon::ChevronLeft, isEnabled ? theme.secondary : theme.faint);
      return;
    case PE_IndicatorHeaderArrow: {
      const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
      if (header && header->sortIndicator != QStyleOptionHeader::None)
        paintChevron(painter, option->rect,
                     header->sortIndicator == QStyleOptionHeader::SortUp ? Icon::ChevronUp : Icon::ChevronDown,
                     theme.secondary);
      return;
    }
    case PE_IndicatorBranch:
      if (is(option, State_Children))
        paintChevron(painter, option->rect, is(option, State_Open) ? Icon::ChevronDown : Icon::ChevronRight,
                     theme.secondary);
      return;
    case PE_PanelItemViewRow:
      return;
    case PE_PanelItemViewItem: {
      const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option);
      if (item && item->backgroundBrush.style() != Qt::NoBrush) painter->fillRect(option->rect, item->backgroundBrush);
      const bool isSelected = is(option, State_Selected);
      if (!isSelected && !(isEnabled && is(option, State_MouseOver))) return;
      paintBox(painter, QRectF(option->rect).adjusted(1, 1, -1, -1),
               {isSelected ? theme.selection : theme.hover, QColor()}, 4);
      return;
    }
    case PE_IndicatorDockWidgetResizeHandle: {
      const QRect rect = option->rect;
      if (rect.width() > rect.height())
        painter->fillRect(QRect(rect.x(), rect.center().y(), rect.width(), 1), theme.hairline);
      else
        painter->fillRect(QRect(rect.center().x(), rect.y(), 1, rect.height()), theme.hairline);
      return;
    }
    default:
      QProxyStyle::drawPrimitive(element, option, painter, widget);
  }
}

QIcon Style::standardIcon(StandardPixmap pixmap, const QStyleOption* option, const QWidget* widget) const {
  switch (pixmap) {
    case SP_TitleBarCloseButton:
    case SP_TabCloseButton:
    case SP_DockWidgetCloseButton:
    case SP_LineEditClearButton:
      return icon(Icon::Close);
    case SP_DirIcon:
      return icon(Icon::Folder);
    case SP_FileIcon:
      return icon(Icon::File);
    case SP_BrowserReload:
      return icon(Icon::Refresh);
    case SP_TrashIcon:
      return icon(Icon::Trash);
    default:
      return QProxyStyle::standardIcon(pixmap, option, widget);
  }
}

}  // namespace fw::ui
