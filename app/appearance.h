// The theme and the motion of the window: as the person chose, or as the desktop has them.
#pragma once

#include <QObject>
#include <memory>

#include "app/desktop_settings.h"

namespace fw {

enum class ThemeChoice { Desktop, Dark, Light };

/// Kept in the settings; changes act on the whole application at once.
class Appearance : public QObject {
  Q_OBJECT
 public:
  explicit Appearance(QObject* parent = nullptr);
  /// Follows the desktop's settings from now on. Until they are known, and where they are silent, the desktop is taken
  /// to be dark where `isDesktopDark` says so.
  void follow(bool isDesktopDark, const std::optional<QDBusConnection>& bus);

  ThemeChoice theme() const { return theme_; }
  void setTheme(ThemeChoice choice);
  bool reducesMotion() const { return reducesMotion_; }
  /// Also where the desktop allows motion; where it does not, nothing moves in any case.
  void setReducesMotion(bool isReduced);
  bool isDark() const;

  /// What the settings say, before there is a window; `isDesktopDark` as above.
  static bool isDarkAtStart(bool isDesktopDark);

 private:
  void apply();

  ThemeChoice theme_ = ThemeChoice::Desktop;
  bool reducesMotion_ = false, isDesktopDark_ = true;
  std::unique_ptr<DesktopSettings> desktop_;
};

}  // namespace fw
