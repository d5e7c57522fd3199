// The widget style: how controls are painted.
#include "widgets/style.h"

#include <QPainter>
#include <QTabBar>

#include "widgets/spaced_cells.h"
#include "widgets/style_paint.h"

namespace fw::ui {
namespace {

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
      const QRect text = option->rect.adjusted(kCellMargin, 0, -kCellMargin, 0);
      painter->drawText(text, int(header->textAlignment | Qt::AlignVCenter),
                        painter->fontMetrics().elidedText(header->text, Qt::ElideRight, text.width()));
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
      StyleBox box = fieldBox(option, widget);
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

}  // namespace fw::ui
