// What the status line says of a device.
#include "app/device_text.h"

#include <QObject>

#include "widgets/number_format.h"

namespace fw {

QString deviceText(const DeviceInfo& device) {
  const QString name = QString::fromStdString(device.name);
  if (!device.absence.empty()) return name + ": " + QString::fromStdString(device.absence);
  QStringList facts{name};
  if (device.threads > 0) facts << ui::counted(device.threads, QObject::tr("1 thread"), QObject::tr("%1 threads"));
  if (device.memoryBytes > 0) facts << QObject::tr("%1 free").arg(ui::formatBytes(double(device.memoryBytes)));
  return facts.join(", ");
}

}  // namespace fw
