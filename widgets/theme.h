// The tokens of the look: colours, fonts and category colours of the dark and the light theme.
#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
#include <QString>
#include <QStringList>

class QApplication;
class QWidget;

namespace fw::ui {

/// One type scale: 14 semibold, 12, 11 and 10 uppercase pixels at 96 dots an inch; they grow with the application's
/// font.
enum class TextRole { Title, Heading, Body, Secondary, Section, Mono };

/// What a text's colour says. Each tone is a palette role (see paletteRole), so a label follows a change of theme
/// itself.
enum class Tone { Normal, Secondary, Dim, Accent, Good, Warning, Error };

struct Theme {
  bool isDark = true;
  QColor window, panel, raised;  // behind the panels; a panel; a control or a row on it
  QColor hover, pressed;         // a raised control under the mouse, and held down
  QColor canvas, gridDot;
  QColor hairline, nodeBorder;
  QColor text, secondary, dim;          // text: at least 4.5:1 on window, panel, raised and canvas
  QColor faint;                         // ink that is not text: ticks, tracks, disabled things
  QColor accent, good, warning, error;  // text and lines: at least 4.5:1 too
  QColor accentFill, onAccent;          // a filled button and its text
  QColor selection;                     // behind a selected row or selected text; opaque

  static const Theme& dark();
  static const Theme& light();
  /// The theme that a palette belongs to.
  static const Theme& of(const QPalette& palette);
  static const Theme& of(const QWidget* widget);

  QPalette palette() const;
  QColor tone(Tone tone) const;
  /// Colour of a block category of engine/arch/block.h ("attention", "state space", ...); that of "structure" where the
  /// name is unknown.
  QColor category(const QString& name) const;
  /// Colours for weight groups and further curves: distinct for the first eight indices, then repeating.
  QColor series(int index) const;
};

/// The categories that have a colour, in the order of the palette panel.
const QStringList& categoryNames();

/// A font of the type scale, relative to the application's font.
QFont font(TextRole role);

/// The palette role that carries a tone, for QWidget::setForegroundRole.
QPalette::ColorRole paletteRole(Tone tone);

/// Whether `widget` has focus and the person goes by keyboard, so that focus should be seen.
bool showsFocus(const QWidget* widget);

/// Black or white, whichever reads better on `background`.
QColor inkOn(const QColor& background);

/// WCAG 2 contrast ratio, 1 to 21.
double contrast(const QColor& a, const QColor& b);

/// `over` with opacity `amount` (0 to 1) painted on `under`.
QColor mix(const QColor& under, const QColor& over, double amount);

/// Gives the application the theme's palette, style and fonts. `textScale` enlarges all text. Call again to change.
void applyTheme(QApplication& application, const Theme& theme, double textScale = 1.0);

/// Whether views glide to where they go, or are there at once. After applyTheme.
void setAnimated(const QApplication& application, bool isAnimated);

}  // namespace fw::ui
