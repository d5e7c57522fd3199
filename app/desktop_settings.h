// What the desktop says of looks: dark or light, and whether things may move. Read over D-Bus from the settings portal
// (org.freedesktop.portal.Settings), and again whenever it changes.
#pragma once

#include <QDBusConnection>
#include <QDBusVariant>
#include <QObject>
#include <optional>

namespace fw {

class DesktopSettings : public QObject {
  Q_OBJECT
 public:
  /// Asks and returns at once. Where nobody answers on the bus, nothing is known.
  explicit DesktopSettings(const QDBusConnection& bus, QObject* parent = nullptr);
  /// The bus of the session where there is one; never starts one.
  static std::optional<QDBusConnection> sessionBus();

  std::optional<bool> prefersDark() const { return prefersDark_; }
  std::optional<bool> allowsMotion() const { return allowsMotion_; }

 signals:
  void changed();

 private slots:
  void take(const QString& group, const QString& key, const QDBusVariant& value);

 private:
  void ask(const QString& group, const QString& key);

  QDBusConnection bus_;
  std::optional<bool> prefersDark_, allowsMotion_;
};

}  // namespace fw
