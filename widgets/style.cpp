// The widget style: flat controls of 28 pixels over Fusion, painted from the theme of each widget's palette.
#include "widgets/style.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QDockWidget>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QScrollBar>
#include <QStyleOption>
#include <QTabBar>
#include <QToolButton>

#include "widgets/icons.h"
#include "widgets/theme.h"

namespace fw::ui {
namespace {

constexpr int kControlHeight = 28;
constexpr int kRowHeight = 26;
constexpr double kRadius = 5;

struct Box {
  QColor fill, border;
  double borderWidth = 1;
};

// A crisp rounded rectangle: the border lies inside `rect`.
void paintBox(QPainter* painter, const QRectF& rect, const Box& box, double radius = kRadius) {
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const double half = box.border.isValid() ? box.borderWidth / 2 : 0;
  painter->setPen(box.border.isValid() ? QPen(box.border, box.borderWidth) : QPen(Qt::NoPen));
  painter->setBrush(box.fill.isValid() ? QBrush(box.fill) : QBrush(Qt::NoBrush));
  painter->drawRoundedRect(rect.adjusted(half, half, -half, -half), radius - half, radius - half);
  painter->restore();
}

bool isSet(const QWidget* widget, const char* property) { return widget && widget->property(property).toBool(); }

bool is(const QStyleOption* option, QStyle::StateFlag flag) { return option->state.testFlag(flag); }

// The border that shows keyboard focus; a mouse press gives focus too, but only fields show it then.
bool optionShowsFocus(const QStyleOption* option) {
  return is(option, QStyle::State_HasFocus) && is(option, QStyle::State_KeyboardFocusChange);
}

Box buttonBox(const QStyleOption* option, const QWidget* widget, bool isDown, bool isQuiet) {
  const Theme& theme = Theme::of(option->palette);
  const bool isEnabled = is(option, QStyle::State_Enabled);
  const bool isHovered = isEnabled && is(option, QStyle::State_MouseOver);
  const bool isOn = is(option, QStyle::State_On);
  Box box{isDown ? theme.pressed : isHovered ? theme.hover : theme.raised, theme.hairline};
  if (isSet(widget, "isPrimary")) {
    box.fill = !isEnabled ? theme.raised
                          : mix(theme.accentFill, theme.isDark ? Qt::white : Qt::black,
                                isDown      ? 0.16
                                : isHovered ? 0.08
                                            : 0);
    box.border = isEnabled ? box.fill : theme.hairline;
  } else if (isQuiet) {
    if (!isHovered && !isDown && !isOn) box.fill = QColor();
    box.border = QColor();
  }
  if (isOn && !isSet(widget, "isPrimary")) box = {theme.selection, theme.accent};
  if (optionShowsFocus(option))
    box.border = isSet(widget, "isPrimary") ? theme.text : theme.accent, box.borderWidth = 1.5;
  return box;
}

Box fieldBox(const QStyleOption* option, const QWidget* widget) {
  const Theme& theme = Theme::of(option->palette);
  const bool isEnabled = is(option, QStyle::State_Enabled);
  Box box{theme.isDark ? theme.window : theme.panel, theme.hairline};
  if (!isEnabled) box.fill = theme.raised;
  if (isEnabled && is(option, QStyle::State_MouseOver)) box.border = theme.faint;
  if (is(option, QStyle::State_HasFocus)) box = {box.fill, theme.accent, 1.5};
  if (isSet(widget, "hasError")) box = {box.fill, theme.error, 1.5};
  return box;
}

void paintLabel(QPainter* painter, const QRect& rect, const QIcon& icon, const QSize& iconSize, const QString& text,
                const QColor& ink, bool isEnabled) {
  const int gap = icon.isNull() || text.isEmpty() ? 0 : 6;
  const int textWidth = text.isEmpty() ? 0 : painter->fontMetrics().horizontalAdvance(QString(text).remove('&'));
  const int iconWidth = icon.isNull() ? 0 : iconSize.width();
  const int width = std::min(rect.width(), iconWidth + gap + textWidth);
  QRect at(rect.x() + (rect.width() - width) / 2, rect.y(), width, rect.height());
  if (!icon.isNull()) {
    icon.paint(painter, QRect(at.x(), at.y() + (at.height() - iconSize.height()) / 2, iconWidth, iconSize.height()),
               Qt::AlignCenter, isEnabled ? QIcon::Normal : QIcon::Disabled);
    at.setLeft(at.left() + iconWidth + gap);
  }
  painter->setPen(ink);
  painter->drawText(at.adjusted(0, 0, 2, 0), Qt::AlignVCenter | Qt::AlignLeft | Qt::TextHideMnemonic, text);
}

void paintChevron(QPainter* painter, const QRect& rect, Icon name, const QColor& ink) {
  const int size = std::min({12, rect.width(), rect.height()});
  paintIcon(*painter, name,
            QRectF(rect.center().x() + 0.5 - size / 2.0, rect.center().y() + 0.5 - size / 2.0, size, size), ink);
}

void paintMenuItem(const QStyleOptionMenuItem* item, QPainter* painter) {
  const Theme& theme = Theme::of(item->palette);
  const QRect rect = item->rect;
  if (item->menuItemType == QStyleOptionMenuItem::Separator) {
    painter->fillRect(QRect(rect.x() + 8, rect.center().y(), rect.width() - 16, 1), theme.hairline);
    return;
  }
  const bool isEnabled = is(item, QStyle::State_Enabled);
  if (is(item, QStyle::State_Selected) && isEnabled)
    paintBox(painter, rect.adjusted(4, 1, -4, -1), {theme.selection, QColor()}, 4);
  const QColor ink = isEnabled ? theme.text : theme.faint;
  const QRect mark(rect.x() + 10, rect.center().y() - 7, 16, 16);
  if (item->checkType != QStyleOptionMenuItem::NotCheckable && item->checked)
    paintIcon(*painter, Icon::Check, mark, ink);
  else if (!item->icon.isNull())
    item->icon.paint(painter, mark, Qt::AlignCenter, isEnabled ? QIcon::Normal : QIcon::Disabled);
  const QStringList parts = item->text.split('\t');
  const QRect textRect = rect.adjusted(34, 0, -12, 0);
  painter->setFont(item->font);
  painter->setPen(ink);
  painter->drawText(textRect, Qt::AlignVCenter | Qt::AlignLeft | Qt::TextShowMnemonic, parts.value(0));
  painter->setPen(isEnabled ? theme.dim : theme.faint);
  if (item->menuItemType == QStyleOptionMenuItem::SubMenu)
    paintChevron(painter, QRect(rect.right() - 22, rect.y(), 14, rect.height()), Icon::ChevronRight, ink);
  else if (parts.size() > 1)
    painter->drawText(textRect, Qt::AlignVCenter | Qt::AlignRight, parts.value(1));
}

void paintTab(const QStyleOptionTab* tab, QPainter* painter) {
  const Theme& theme = Theme::of(tab->palette);
  const bool isVertical = tab->shape == QTabBar::RoundedWest || tab->shape == QTabBar::RoundedEast;
  if (is(tab, QStyle::State_Selected)) {
    const QRect rect = tab->rect;
    const QRect line = isVertical ? QRect(rect.right() - 1, rect.y() + 6, 2, rect.height() - 12)
                       : tab->shape == QTabBar::RoundedSouth
                           ? QRect(rect.x() + 8, rect.y(), rect.width() - 16, 2)
                           : QRect(rect.x() + 8, rect.bottom() - 1, rect.width() - 16, 2);
    painter->fillRect(line, theme.accent);
  }
  if (optionShowsFocus(tab)) paintBox(painter, QRectF(tab->rect).adjusted(3, 4, -3, -4), {QColor(), theme.accent});
}

}  // namespace

Style::Style() : QProxyStyle("Fusion") { setObjectName("formwright"); }

void Style::polish(QWidget* widget) {
  QProxyStyle::polish(widget);
  if (qobject_cast<QAbstractButton*>(widget) || qobject_cast<QComboBox*>(widget) || qobject_cast<QLineEdit*>(widget) ||
      qobject_cast<QScrollBar*>(widget) || qobject_cast<QTabBar*>(widget))
    widget->setAttribute(Qt::WA_Hover);
  if (widget->inherits("QTipLabel") || qobject_cast<QMenu*>(widget)) widget->setAttribute(Qt::WA_TranslucentBackground);
}

void Style::unpolish(QWidget* widget) { QProxyStyle::unpolish(widget); }

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
  switch (metric) {
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
    case PM_TabBarTabShiftHorizontal:
    case PM_TabBarTabShiftVertical:
    case PM_TabBarTabOverlap:
    case PM_ToolBarFrameWidth:
    case PM_DockWidgetFrameWidth:
    case PM_MenuBarPanelWidth:
    case PM_MenuBarVMargin:
      return 0;
    case PM_ScrollBarExtent:
      return 10;
    case PM_ScrollBarSliderMin:
      return 28;
    case PM_SplitterWidth:
    case PM_DockWidgetSeparatorExtent:
      return 5;
    case PM_TabBarTabHSpace:
      return 24;
    case PM_TabBarTabVSpace:
      return 16;
    case PM_TabBarBaseHeight:
    case PM_TabBarBaseOverlap:
      return 1;
    case PM_ToolTipLabelFrameWidth:
      return 8;
    case PM_MenuPanelWidth:
      return 1;
    case PM_MenuVMargin:
      return 4;
    case PM_MenuBarItemSpacing:
      return 2;
    case PM_MenuBarHMargin:
      return 8;
    case PM_ButtonIconSize:
    case PM_SmallIconSize:
    case PM_ToolBarIconSize:
    case PM_TabBarIconSize:
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
      return 16;
    case PM_ToolBarItemSpacing:
      return 8;
    case PM_ToolBarItemMargin:
      return 8;
    case PM_DockWidgetTitleMargin:
      return 8;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
      return 8;
    case PM_SliderThickness:
    case PM_SliderControlThickness:
    case PM_SliderLength:
      return 16;
    case PM_LayoutLeftMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutBottomMargin:
      return 12;
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing:
      return 8;
    default:
      return QProxyStyle::pixelMetric(metric, option, widget);
  }
}

int Style::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const {
  switch (hint) {
    case SH_ComboBox_Popup:
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
    case SH_UnderlineShortcut:
      return 0;
    case SH_ItemView_ActivateItemOnSingleClick:
      return 0;
    case SH_ComboBox_ListMouseTracking:
    case SH_ScrollBar_LeftClickAbsolutePosition:
      return 1;
    case SH_TabBar_Alignment:
      return Qt::AlignLeft;
    case SH_ToolTip_WakeUpDelay:
      return 500;
    case SH_ItemView_ShowDecorationSelected:
      return 1;
    case SH_Menu_SloppySubMenus:
      return 1;
    default:
      return QProxyStyle::styleHint(hint, option, widget, data);
  }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                              const QWidget* widget) const {
  switch (type) {
    case CT_PushButton: {
      const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
      int width = 0, height = kControlHeight;
      if (button) {
        QFontMetrics metrics(widget ? widget->font() : QFont());
        if (!button->text.isEmpty()) width += metrics.horizontalAdvance(QString(button->text).remove('&')) + 24;
        if (!button->icon.isNull()) width += button->iconSize.width() + (width ? 6 : 12);
        height = std::max(height, metrics.height() + 12);
      }
      return QSize(std::max(width, height), height);
    }
    case CT_ToolButton: {
      const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
      return base.expandedTo(QSize(kControlHeight, kControlHeight));
    }
    case CT_LineEdit:
      return QSize(size.width() + 16, std::max(kControlHeight, size.height() + 10));
    case CT_ComboBox:
      return QSize(size.width() + 36, std::max(kControlHeight, size.height() + 10));
    case CT_SpinBox:
      return QSize(size.width() + 30, std::max(kControlHeight, size.height() + 4));
    case CT_MenuItem: {
      const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
      if (!item) break;
      if (item->menuItemType == QStyleOptionMenuItem::Separator) return QSize(size.width(), 9);
      const bool hasShortcut = item->text.contains('\t');
      const QFontMetrics metrics(item->font);
      const int text = metrics.horizontalAdvance(item->text.section('\t', 0, 0).remove('&'));
      const int shortcut = hasShortcut ? metrics.horizontalAdvance(item->text.section('\t', 1)) + 32 : 0;
      return QSize(34 + text + shortcut + 28, std::max(kRowHeight, metrics.height() + 8));
    }
    case CT_MenuBarItem:
      return QSize(size.width() + 16, std::max(kControlHeight, size.height() + 12));
    case CT_ItemViewItem: {
      const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
      return QSize(base.width() + 8, std::max(kRowHeight, base.height() + 4));
    }
    case CT_HeaderSection: {
      const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
      return QSize(base.width() + 8, std::max(kRowHeight, base.height()));
    }
    case CT_ProgressBar:
      return QSize(std::max(size.width(), 80), 4);
    default:
      break;
  }
  return QProxyStyle::sizeFromContents(type, option, size, widget);
}

QRect Style::subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const {
  switch (element) {
    case SE_LineEditContents:
      return option->rect.adjusted(6, 0, -6, 0);
    case SE_ProgressBarGroove:
    case SE_ProgressBarContents:
    case SE_ProgressBarLabel:
      return option->rect;
    default:
      return QProxyStyle::subElementRect(element, option, widget);
  }
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                            const QWidget* widget) const {
  const QRect rect = option->rect;
  if (control == CC_ComboBox) {
    const QRect arrow(rect.right() - 23, rect.y(), 20, rect.height());
    const QRect edit(rect.x() + 2, rect.y() + 1, rect.width() - 26, rect.height() - 2);
    if (part == SC_ComboBoxArrow) return visualRect(option->direction, rect, arrow);
    if (part == SC_ComboBoxEditField) return visualRect(option->direction, rect, edit);
    if (part == SC_ComboBoxListBoxPopup) return rect.adjusted(0, 2, 0, 2);
    return rect;
  }
  if (control == CC_SpinBox) {
    const QRect buttons(rect.right() - 19, rect.y() + 2, 16, rect.height() - 4);
    if (part == SC_SpinBoxUp) return QRect(buttons.x(), buttons.y(), 16, buttons.height() / 2);
    if (part == SC_SpinBoxDown) return QRect(buttons.x(), buttons.y() + buttons.height() / 2, 16, buttons.height() / 2);
    if (part == SC_SpinBoxEditField) return rect.adjusted(2, 1, -22, -1);
    return rect;
  }
  if (control == CC_ScrollBar) {
    const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (!bar) return rect;
    if (part == SC_ScrollBarAddLine || part == SC_ScrollBarSubLine) return QRect();
    const bool isHorizontal = bar->orientation == Qt::Horizontal;
    const int room = isHorizontal ? rect.width() : rect.height();
    const int64_t range = int64_t(bar->maximum) - bar->minimum;
    int length = room;
    if (range > 0)
      length = std::clamp(int(int64_t(room) * bar->pageStep / (range + bar->pageStep)), std::min(room, 28), room);
    const int start =
        sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, room - length, bar->upsideDown);
    const auto along = [&](int from, int size) {
      return isHorizontal ? QRect(rect.x() + from, rect.y(), size, rect.height())
                          : QRect(rect.x(), rect.y() + from, rect.width(), size);
    };
    switch (part) {
      case SC_ScrollBarSlider:
        return along(start, length);
      case SC_ScrollBarSubPage:
        return along(0, start);
      case SC_ScrollBarAddPage:
        return along(start + length, room - start - length);
      default:
        return rect;
    }
  }
  return QProxyStyle::subControlRect(control, option, part, widget);
}

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
      Box box{isFilled ? theme.accentFill : field, isFilled ? theme.accentFill : theme.faint};
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

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                        const QWidget* widget) const {
  const Theme& theme = Theme::of(option->palette);
  const bool isEnabled = is(option, State_Enabled);
  switch (element) {
    case CE_PushButtonBevel:
      paintBox(painter, option->rect, buttonBox(option, widget, is(option, State_Sunken), isSet(widget, "isQuiet")));
      return;
    case CE_PushButtonLabel: {
      const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
      if (!button) return;
      const bool isPrimary = isSet(widget, "isPrimary");
      QFont font = painter->font();
      if (isPrimary) font.setWeight(QFont::DemiBold);
      painter->setFont(font);
      paintLabel(painter, option->rect.adjusted(6, 0, -6, 0), button->icon, button->iconSize, button->text,
                 !isEnabled  ? theme.faint
                 : isPrimary ? theme.onAccent
                             : theme.text,
                 isEnabled);
      return;
    }
    case CE_ComboBoxLabel: {
      const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option);
      if (!combo || combo->editable) return;
      QRect rect = visualRect(option->direction, option->rect, option->rect.adjusted(10, 0, -24, 0));
      if (!combo->currentIcon.isNull()) {
        combo->currentIcon.paint(painter, QRect(rect.x(), rect.center().y() - 7, 16, 16), Qt::AlignCenter,
                                 isEnabled ? QIcon::Normal : QIcon::Disabled);
        rect.setLeft(rect.left() + 22);
      }
      painter->setPen(isEnabled ? theme.text : theme.faint);
      painter->drawText(rect, Qt::AlignVCenter | Qt::AlignLeft,
                        painter->fontMetrics().elidedText(combo->currentText, Qt::ElideRight, rect.width()));
      return;
    }
    case CE_TabBarTabShape:
      if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option)) paintTab(tab, painter);
      return;
    case CE_TabBarTabLabel: {
      const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option);
      if (!tab) return;
      const bool isVertical = tab->shape == QTabBar::RoundedWest || tab->shape == QTabBar::RoundedEast;
      if (isVertical) break;
      const bool isSelected = is(option, State_Selected), isHovered = is(option, State_MouseOver);
      QRect rect = option->rect.adjusted(8, 0, -8, 0);
      if (!tab->rightButtonSize.isEmpty()) rect.setRight(rect.right() - tab->rightButtonSize.width() - 2);
      if (!tab->leftButtonSize.isEmpty()) rect.setLeft(rect.left() + tab->leftButtonSize.width() + 2);
      if (!tab->icon.isNull()) {
        tab->icon.paint(painter, QRect(rect.x(), rect.center().y() - 7, 16, 16));
        rect.setLeft(rect.left() + 22);
      }
      painter->setPen(!isEnabled ? theme.faint : isSelected || isHovered ? theme.text : theme.secondary);
      painter->drawText(
          rect, Qt::AlignCenter | Qt::TextHideMnemonic,
          painter->fontMetrics().elidedText(tab->text, Qt::ElideRight, rect.width(), Qt::TextShowMnemonic));
      return;
    }
    case CE_ProgressBarGroove: {
      const QRectF track(option->rect.x(), option->rect.center().y() - 1.0, option->rect.width(), 4);
      paintBox(painter, track, {theme.hairline, QColor()}, 2);
      return;
    }
    case CE_ProgressBarContents: {
      const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option);
      if (!bar) return;
      QRectF track(option->rect.x(), option->rect.center().y() - 1.0, option->rect.width(), 4);
      const double range = double(bar->maximum) - bar->minimum;
      if (range > 0) track.setWidth(track.width() * std::clamp((bar->progress - bar->minimum) / range, 0.0, 1.0));
      if (track.width() >= 1) paintBox(painter, track, {isEnabled ? theme.accent : theme.faint, QColor()}, 2);
      return;
    }
    case CE_ProgressBarLabel:
      return;
    case CE_MenuItem:
      if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) paintMenuItem(item, painter);
      return;
    case CE_MenuEmptyArea:
    case CE_MenuScroller:
      if (element == CE_MenuScroller)
        paintChevron(painter, option->rect, is(option, State_DownArrow) ? Icon::ChevronDown : Icon::ChevronUp,
                     theme.secondary);
      return;
    case CE_MenuBarEmptyArea:
      painter->fillRect(option->rect, theme.panel);
      return;
    case CE_MenuBarItem: {
      const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
      if (!item) return;
      painter->fillRect(option->rect, theme.panel);
      const bool isOpen = is(option, State_Selected) && isEnabled;
      if (isOpen) paintBox(painter, QRectF(option->rect).adjusted(0, 2, 0, -2), {theme.hover, QColor()}, 4);
      painter->setPen(!isEnabled ? theme.faint : isOpen ? theme.text : theme.secondary);
      painter->drawText(option->rect, Qt::AlignCenter | Qt::TextShowMnemonic, item->text);
      return;
    }
    case CE_ToolBar:
      painter->fillRect(option->rect, theme.panel);
      return;
    case CE_Splitter: {
      const QRect rect = option->rect;
      const QColor color = is(option, State_MouseOver) ? theme.accent : theme.hairline;
      if (is(option, State_Horizontal))
        painter->fillRect(QRect(rect.center().x(), rect.y(), 1, rect.height()), color);
      else
        painter->fillRect(QRect(rect.x(), rect.center().y(), rect.width(), 1), color);
      return;
    }
    case CE_DockWidgetTitle: {
      const auto* dock = qstyleoption_cast<const QStyleOptionDockWidget*>(option);
      if (!dock) return;
      painter->setFont(font(TextRole::Heading));
      painter->setPen(theme.text);
      const QRect rect = option->rect.adjusted(14, 0, -44, 0);
      painter->drawText(rect, Qt::AlignVCenter | Qt::AlignLeft,
                        painter->fontMetrics().elidedText(dock->title, Qt::ElideRight, rect.width()));
      return;
    }
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
      painter->fillRect(option->rect, theme.panel);
      painter->fillRect(QRect(option->rect.x(), option->rect.bottom(), option->rect.width(), 1), theme.hairline);
      return;
    case CE_HeaderLabel: {
      const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
      if (!header) return;
      painter->setFont(font(TextRole::Section));
      painter->setPen(theme.dim);
      painter->drawText(option->rect, int(header->textAlignment | Qt::AlignVCenter),
                        painter->fontMetrics().elidedText(header->text, Qt::ElideRight, option->rect.width()));
      return;
    }
    default:
      break;
  }
  QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                               const QWidget* widget) const {
  const Theme& theme = Theme::of(option->palette);
  const bool isEnabled = is(option, State_Enabled);
  switch (control) {
    case CC_ComboBox: {
      Box box = fieldBox(option, widget);
      box.fill = is(option, State_MouseOver) && isEnabled ? theme.hover : theme.raised;
      if (is(option, State_HasFocus) && !is(option, State_KeyboardFocusChange) && !isSet(widget, "hasError"))
        box.border = theme.hairline, box.borderWidth = 1;
      paintBox(painter, option->rect, box);
      paintChevron(painter, subControlRect(control, option, SC_ComboBoxArrow, widget), Icon::ChevronDown,
                   isEnabled ? theme.secondary : theme.faint);
      return;
    }
    case CC_SpinBox:
      paintBox(painter, option->rect, fieldBox(option, widget));
      paintChevron(painter, subControlRect(control, option, SC_SpinBoxUp, widget), Icon::ChevronUp, theme.secondary);
      paintChevron(painter, subControlRect(control, option, SC_SpinBoxDown, widget), Icon::ChevronDown,
                   theme.secondary);
      return;
    case CC_ScrollBar: {
      const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
      if (!bar || bar->maximum <= bar->minimum) return;
      const bool isHovered = is(option, State_MouseOver) || is(option, State_Sunken);
      const double inset = isHovered ? 2 : 3;
      const QRectF handle = subControlRect(control, option, SC_ScrollBarSlider, widget);
      paintBox(painter, handle.adjusted(inset, inset, -inset, -inset),
               {isHovered ? theme.faint : theme.nodeBorder, QColor()}, 5 - inset);
      return;
    }
    case CC_ToolButton: {
      const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option);
      if (!button || button->features.testFlag(QStyleOptionToolButton::MenuButtonPopup)) break;
      // An icon that opens a menu at once needs no arrow in its corner.
      QStyleOptionToolButton plain = *button;
      plain.features &= ~QStyleOptionToolButton::HasMenu;
      QProxyStyle::drawComplexControl(control, &plain, painter, widget);
      return;
    }
    case CC_Slider: {
      const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option);
      if (!slider) return;
      const QRectF handle = QProxyStyle::subControlRect(control, option, SC_SliderHandle, widget);
      const QRectF rect = option->rect;
      const bool isHorizontal = slider->orientation == Qt::Horizontal;
      const QRectF track = isHorizontal ? QRectF(rect.x(), handle.center().y() - 2, rect.width(), 4)
                                        : QRectF(handle.center().x() - 2, rect.y(), 4, rect.height());
      paintBox(painter, track, {theme.hairline, QColor()}, 2);
      QRectF done = track;
      if (isHorizontal)
        done.setRight(handle.center().x());
      else
        done.setTop(handle.center().y());
      paintBox(painter, done, {isEnabled ? theme.accent : theme.faint, QColor()}, 2);
      paintBox(painter, QRectF(handle.center().x() - 7, handle.center().y() - 7, 14, 14),
               {theme.panel, isEnabled ? theme.accent : theme.faint, optionShowsFocus(option) ? 3.0 : 2.0}, 7);
      return;
    }
    default:
      break;
  }
  QProxyStyle::drawComplexControl(control, option, painter, widget);
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
