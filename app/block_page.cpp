// The help page of a block, made from its definition.
#include "app/block_page.h"

#include <QObject>
#include <QStringList>

#include "widgets/number_format.h"

namespace fw {
namespace {

QString words(const std::string& text) { return QString::fromStdString(text).replace('|', "\\|"); }

QString code(const std::string& text) { return text.empty() ? QString() : "`" + words(text) + "`"; }

QString rangeOf(const ParamDef& param) {
  QStringList parts;
  if (!param.choices.empty()) {
    for (const std::string& choice : param.choices) parts << words(choice);
    return parts.join(", ");
  }
  if (param.type == ParamType::Bool) return QObject::tr("yes or no");
  if (param.minimum > -1e299 && param.maximum < 1e299)
    parts << QObject::tr("%1 to %2").arg(ui::formatValue(param.minimum), ui::formatValue(param.maximum));
  if (param.mustBeOdd) parts << QObject::tr("odd");
  if (param.mustBePowerOfTwo) parts << QObject::tr("a power of two");
  return parts.join(", ");
}

void addPorts(QString& page, const QString& title, const std::vector<PortDef>& ports) {
  if (ports.empty()) return;
  page += "\n## " + title + "\n\n" + QObject::tr("| Port | Sizes | |\n|---|---|---|\n");
  for (const PortDef& port : ports)
    page += QString("| %1 | %2 | %3 |\n")
                .arg(code(port.name), port.dims.empty() ? QObject::tr("any") : code(port.dims),
                     words(port.help) + (port.isOptional ? QObject::tr(" Optional.") : QString()));
}

}  // namespace

QString blockPage(const BlockDef& block) {
  QString page = "# " + words(block.title) + "\n\n" + words(block.help) + "\n";
  addPorts(page, QObject::tr("Inputs"), block.inputs);
  addPorts(page, QObject::tr("Outputs"), block.outputs);
  if (!block.params.empty()) {
    page += "\n## " + QObject::tr("Parameters") + "\n\n" +
            QObject::tr("| Parameter | Default | Values | |\n|---|---|---|---|\n");
    for (const ParamDef& param : block.params)
      page += QString("| %1 | %2 | %3 | %4 |\n")
                  .arg(words(param.title.empty() ? param.name : param.title), code(toText(param.value)), rangeOf(param),
                       words(param.helpText));
  }
  if (block.body != BodyKind::None)
    page += "\n" + QObject::tr("Its ports are the inputs and outputs that stand in its inside.") + "\n";
  if (block.isCausal)
    page += "\n" + QObject::tr("Causal with the default parameters: what comes later never changes what came before.") +
            "\n";
  if (!block.paper.empty()) page += "\n" + QObject::tr("From: %1").arg("*" + words(block.paper) + "*") + "\n";
  if (!block.synonyms.empty()) {
    QStringList names;
    for (const std::string& synonym : block.synonyms) names << words(synonym);
    page += "\n" + QObject::tr("Also called: %1").arg(names.join(", ")) + "\n";
  }
  return page + "\n" + QObject::tr("In files: %1").arg(code(block.id)) + "\n";
}

}  // namespace fw
