// The widget style: sizes, places and hints.
#include "widgets/style.h"

#include "widgets/spaced_cells.h"
#include "widgets/style_paint.h"

namespace fw::ui {

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
    case SH_DockWidget_ButtonsHaveFrame:
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
    case SH_Widget_Animation_Duration:
      return isAnimated_ ? QProxyStyle::styleHint(hint, option, widget, data) : 0;
    default:
      return QProxyStyle::styleHint(hint, option, widget, data);
  }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                              const QWidget* widget) const {
  switch (type) {
    case CT_PushButton: {
      const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
      int width = 0, height = controlHeight;
      if (button) {
        QFont font = widget ? widget->font() : QFont();
        if (widget && widget->property("isPrimary").toBool()) font.setWeight(QFont::DemiBold);  // as it is drawn
        const QFontMetrics metrics(font);
        if (!button->text.isEmpty()) width += metrics.horizontalAdvance(QString(button->text).remove('&')) + 24;
        if (!button->icon.isNull()) width += button->iconSize.width() + (width ? 6 : 12);
        height = std::max(height, metrics.height() + 12);
      }
      return QSize(std::max(width, height), height);
    }
    case CT_ToolButton: {
      const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
      return base.expandedTo(QSize(controlHeight, controlHeight));
    }
    case CT_LineEdit:
      return QSize(size.width() + 16, std::max(controlHeight, size.height() + 10));
    case CT_ComboBox:
      return QSize(size.width() + 36, std::max(controlHeight, size.height() + 10));
    case CT_SpinBox:
      return QSize(size.width() + 30, std::max(controlHeight, size.height() + 4));
    case CT_MenuItem: {
      const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
      if (!item) break;
      if (item->menuItemType == QStyleOptionMenuItem::Separator) return QSize(size.width(), 9);
      const bool hasShortcut = item->text.contains('\t');
      const QFontMetrics metrics(item->font);
      const int text = metrics.horizontalAdvance(item->text.section('\t', 0, 0).remove('&'));
      const int shortcut = hasShortcut ? metrics.horizontalAdvance(item->text.section('\t', 1)) + 32 : 0;
      return QSize(34 + text + shortcut + 28, std::max(rowHeight, metrics.height() + 8));
    }
    case CT_MenuBarItem:
      return QSize(size.width() + 16, std::max(controlHeight, size.height() + 12));
    case CT_ItemViewItem: {
      const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
      return QSize(base.width() + 8, std::max(rowHeight, base.height() + 4));
    }
    case CT_HeaderSection: {
      const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
      return QSize(base.width() + 2 * kCellMargin, std::max(rowHeight, base.height()));
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

}  // namespace fw::ui
