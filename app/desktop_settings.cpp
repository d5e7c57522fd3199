// What the desktop says of looks, over D-Bus.
#include "app/desktop_settings.h"

#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QFile>
#include <functional>

namespace fw {
namespace {

constexpr char service[] = "org.freedesktop.portal.Desktop";
constexpr char path[] = "/org/freedesktop/portal/desktop";
constexpr char interface[] = "org.freedesktop.portal.Settings";
constexpr char appearance[] = "org.freedesktop.appearance", scheme[] = "color-scheme";
constexpr char gnome[] = "org.gnome.desktop.interface", animations[] = "enable-animations";

/// Hears that a setting has changed.
class SettingListener : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  std::function<void(const QString& group, const QString& key, const QDBusVariant& value)> onChange;

 public slots:
  void hear(const QDBusMessage& message) {
    const QVariantList parts = message.arguments();
    if (parts.size() == 3) onChange(parts[0].toString(), parts[1].toString(), parts[2].value<QDBusVariant>());
  }
};

}  // namespace

std::optional<QDBusConnection> DesktopSettings::sessionBus() {
  // Without an address libdbus would start a bus of its own, which takes seconds.
  const QString runtime = qEnvironmentVariable("XDG_RUNTIME_DIR");
  if (qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS") &&
      (runtime.isEmpty() || !QFile::exists(runtime + "/bus")))
    return std::nullopt;
  const QDBusConnection bus = QDBusConnection::sessionBus();
  return bus.isConnected() ? std::optional(bus) : std::nullopt;
}

DesktopSettings::DesktopSettings(const QDBusConnection& bus, QObject* parent) : QObject(parent), bus_(bus) {
  auto* listener = new SettingListener(this);
  listener->onChange = [this](const QString& group, const QString& key, const QDBusVariant& value) {
    take(group, key, value);
  };
  bus_.connect(service, path, interface, "SettingChanged", listener, SLOT(hear(QDBusMessage)));
  ask(appearance, scheme);
  ask(gnome, animations);
}

void DesktopSettings::ask(const QString& group, const QString& key) {
  QDBusMessage call = QDBusMessage::createMethodCall(service, path, interface, "Read");
  call << group << key;
  auto* answer = new QDBusPendingCallWatcher(bus_.asyncCall(call), this);
  connect(answer, &QDBusPendingCallWatcher::finished, this, [this, group, key, answer] {
    answer->deleteLater();
    const QDBusPendingReply<QDBusVariant> reply = *answer;
    if (reply.isValid()) take(group, key, reply.value());
  });
}

void DesktopSettings::take(const QString& group, const QString& key, const QDBusVariant& value) {
  QVariant plain = value.variant();
  // Read() answers a variant in a variant.
  while (plain.userType() == qMetaTypeId<QDBusVariant>()) plain = plain.value<QDBusVariant>().variant();
  if (group == appearance && key == scheme) {
    const uint wanted = plain.toUInt();  // 0: no preference, 1: dark, 2: light
    prefersDark_ = wanted == 0 ? std::nullopt : std::optional(wanted == 1);
  } else if (group == gnome && key == animations) {
    allowsMotion_ = plain.toBool();
  } else {
    return;
  }
  emit changed();
}

}  // namespace fw

#include "desktop_settings.moc"
