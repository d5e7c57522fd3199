// The theme and the motion of the window.
#include "app/appearance.h"

#include <QApplication>
#include <QSettings>

#include "widgets/theme.h"

namespace fw {
namespace {

const QString kTheme = "theme/choice", kMotion = "theme/reducesMotion", kLast = "theme/desktopIsDark";

ThemeChoice choiceOf(const QString& word) {
  return word == "dark" ? ThemeChoice::Dark : word == "light" ? ThemeChoice::Light : ThemeChoice::Desktop;
}

}  // namespace

Appearance::Appearance(QObject* parent) : QObject(parent) {
  const QSettings settings;
  theme_ = choiceOf(settings.value(kTheme).toString());
  reducesMotion_ = settings.value(kMotion).toBool();
  isDesktopDark_ = settings.value(kLast, ui::Theme::of(QApplication::palette()).isDark).toBool();
}

bool Appearance::isDarkAtStart(bool isDesktopDark) {
  const QSettings settings;
  const ThemeChoice choice = choiceOf(settings.value(kTheme).toString());
  if (choice != ThemeChoice::Desktop) return choice == ThemeChoice::Dark;
  return settings.value(kLast, isDesktopDark).toBool();
}

void Appearance::follow(bool isDesktopDark, const std::optional<QDBusConnection>& bus) {
  isDesktopDark_ = QSettings().value(kLast, isDesktopDark).toBool();
  if (bus) {
    desktop_ = std::make_unique<DesktopSettings>(*bus);
    connect(desktop_.get(), &DesktopSettings::changed, this, [this, isDesktopDark] {
      isDesktopDark_ = desktop_->prefersDark().value_or(isDesktopDark);
      QSettings().setValue(kLast, isDesktopDark_);  // the next start has it before the first picture
      apply();
    });
  } else {
    isDesktopDark_ = isDesktopDark;
  }
  apply();
}

bool Appearance::isDark() const {
  return theme_ == ThemeChoice::Desktop ? isDesktopDark_ : theme_ == ThemeChoice::Dark;
}

void Appearance::setTheme(ThemeChoice choice) {
  theme_ = choice;
  QSettings().setValue(kTheme, choice == ThemeChoice::Dark    ? "dark"
                               : choice == ThemeChoice::Light ? "light"
                                                              : "desktop");
  apply();
}

void Appearance::setReducesMotion(bool isReduced) {
  reducesMotion_ = isReduced;
  QSettings().setValue(kMotion, isReduced);
  apply();
}

void Appearance::apply() {
  if (ui::Theme::of(QApplication::palette()).isDark != isDark())
    ui::applyTheme(*qApp, isDark() ? ui::Theme::dark() : ui::Theme::light());
  const bool mayMove = !desktop_ || desktop_->allowsMotion().value_or(true);
  ui::setAnimated(*qApp, mayMove && !reducesMotion_);
}

}  // namespace fw
