// What holds for every widget in every state and both themes: nothing clipped, nothing overlapping, everything named.
// With FORMWRIGHT_SHOTS=folder the pictures are kept there, to be looked at.
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QAbstractScrollArea>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QFileInfo>
#include <QLayout>
#include <QLineEdit>
#include <QListView>
#include <QMainWindow>
#include <QPainter>
#include <QScreen>
#include <QTest>
#include <QToolTip>
#include <memory>

#include "samples.h"
#include "widgets/forms/label.h"
#include "widgets/icons.h"
#include "widgets/plots/plot.h"

namespace fw::ui {
namespace {

const PanelPhase kPhases[] = {PanelPhase::Empty, PanelPhase::Busy, PanelPhase::Stale, PanelPhase::Ready,
                              PanelPhase::Failed};
const char* const kPhaseNames[] = {"empty", "busy", "stale", "ready", "failed"};

void keep(QWidget& widget, const QString& name) {
  const QString folder = qEnvironmentVariable("FORMWRIGHT_SHOTS");
  if (folder.isEmpty()) return;
  QDir().mkpath(QFileInfo(folder + "/" + name).path());
  QPixmap shot(widget.size() * widget.devicePixelRatioF());
  shot.setDevicePixelRatio(widget.devicePixelRatioF());
  shot.fill(Theme::of(&widget).panel);
  widget.render(&shot);
  shot.save(folder + "/" + name + ".png");
}

// Texts that are cut off, on labels that do not end in an ellipsis of their own.
QStringList clippedTexts(QWidget& widget) {
  QStringList clipped;
  for (QLabel* label : widget.findChildren<QLabel*>()) {
    if (!label->isVisible() || label->text().isEmpty()) continue;
    const bool isElided = label->minimumSizeHint().width() < label->fontMetrics().horizontalAdvance(label->text()) / 2;
    const int needed = label->hasHeightForWidth() ? label->heightForWidth(label->width()) : label->sizeHint().height();
    if (label->height() + 1 < needed) clipped << label->text() + " (height)";
    if (!isElided && !label->wordWrap() && label->width() + 1 < label->fontMetrics().horizontalAdvance(label->text()))
      clipped << label->text() + " (width)";
  }
  for (QAbstractButton* button : widget.findChildren<QAbstractButton*>()) {
    if (!button->isVisible() || button->text().isEmpty()) continue;
    if (button->width() < button->fontMetrics().horizontalAdvance(QString(button->text()).remove('&')) + 8)
      clipped << button->text() + " (button)";
  }
  return clipped;
}

// Widgets with contents that lie over each other inside one parent.
QStringList overlaps(QWidget& widget) {
  QStringList found;
  QList<QWidget*> all = widget.findChildren<QWidget*>();
  all << &widget;
  for (QWidget* parent : all) {
    if (!parent->isVisible() || !parent->layout()) continue;
    QList<QWidget*> children;
    for (int i = 0; i < parent->layout()->count(); ++i)
      if (QWidget* child = parent->layout()->itemAt(i)->widget(); child && child->isVisible()) children << child;
    for (qsizetype a = 0; a < children.size(); ++a)
      for (qsizetype b = a + 1; b < children.size(); ++b) {
        const QRect common = children[a]->geometry().intersected(children[b]->geometry());
        if (common.width() > 1 && common.height() > 1)
          found << QString("%1 and %2")
                       .arg(children[a]->metaObject()->className(), children[b]->metaObject()->className());
      }
    for (QWidget* child : children)
      if (!parent->rect().adjusted(-1, -1, 1, 1).contains(child->geometry()) &&
          !qobject_cast<QAbstractScrollArea*>(parent->parentWidget() ? parent->parentWidget()->parentWidget()
                                                                     : nullptr))
        found << QString("%1 leaves its parent").arg(child->metaObject()->className());
  }
  return found;
}

QStringList unnamed(QWidget& widget) {
  QStringList found;
  for (QWidget* child : widget.findChildren<QWidget*>()) {
    const bool isControl = qobject_cast<QLineEdit*>(child) || qobject_cast<QComboBox*>(child) ||
                           qobject_cast<QListView*>(child) || qobject_cast<Plot*>(child) ||
                           qobject_cast<QAbstractButton*>(child);
    if (!child->isVisible() || !isControl || child->accessibleName().size()) continue;
    if (auto* button = qobject_cast<QAbstractButton*>(child); button && !button->text().isEmpty()) continue;
    if (qobject_cast<QLineEdit*>(child->parentWidget())) continue;  // the clear button, named by Qt
    found << QString("%1 %2").arg(child->metaObject()->className(), child->objectName());
  }
  return found;
}

class Gallery : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { applyTheme(*qApp, GetParam() ? Theme::dark() : Theme::light()); }
  void TearDown() override { applyTheme(*qApp, Theme::dark()); }
  QString prefix() const {
    return QString(GetParam() ? "dark" : "light") + (qApp->devicePixelRatio() > 1 ? "-200/" : "-100/");
  }
};

TEST_P(Gallery, EveryPanelInEveryState) {
  for (const Sample& sample : samples())
    for (int i = 0; i < 5; ++i) {
      std::unique_ptr<QWidget> widget(sample.make(kPhases[i]));
      widget->resize(sample.size);
      widget->show();
      ASSERT_TRUE(QTest::qWaitForWindowExposed(widget.get()));
      QApplication::processEvents();
      const std::string what = std::string(sample.name) + " " + kPhaseNames[i];
      EXPECT_EQ(clippedTexts(*widget).join("; ").toStdString(), "") << what;
      EXPECT_EQ(overlaps(*widget).join("; ").toStdString(), "") << what;
      EXPECT_EQ(unnamed(*widget).join("; ").toStdString(), "") << what;
      EXPECT_FALSE(widget->accessibleName().isEmpty()) << what;
      keep(*widget, prefix() + sample.name + "-" + kPhaseNames[i]);
    }
}

TEST_P(Gallery, RunBarInEveryPhase) {
  for (const RunPhase phase :
       {RunPhase::Idle, RunPhase::Starting, RunPhase::Running, RunPhase::Paused, RunPhase::Stopping}) {
    RunBar bar;
    bar.setState(sampleRun(phase));
    bar.resize(bar.sizeHint());
    bar.show();
    QApplication::processEvents();
    EXPECT_EQ(clippedTexts(bar).join("; ").toStdString(), "") << int(phase);
    EXPECT_EQ(overlaps(bar).join("; ").toStdString(), "") << int(phase);
    EXPECT_EQ(unnamed(bar).join("; ").toStdString(), "") << int(phase);
    keep(bar, prefix() + "runbar-" + QString::number(int(phase)));
  }
}

TEST_P(Gallery, TheStatusLine) {
  StatusLine line;
  line.setState({Tone::Good,
                 "CPU AVX2, 2 cores, 187 GFLOP/s, 34 GB/s \u00b7 CUDA: no device found \u00b7 Vulkan: software driver",
                 "3 blocks selected"});
  line.resize(1000, line.sizeHint().height());
  line.show();
  QApplication::processEvents();
  EXPECT_EQ(clippedTexts(line).join("; ").toStdString(), "");
  keep(line, prefix() + "status");
}

TEST_P(Gallery, IconSheet) {
  QWidget sheet;
  sheet.resize(480, 260);
  sheet.show();
  const QString folder = qEnvironmentVariable("FORMWRIGHT_SHOTS");
  if (folder.isEmpty()) GTEST_SKIP() << "FORMWRIGHT_SHOTS is not set";
  QPixmap shot(sheet.size() * sheet.devicePixelRatioF());
  shot.setDevicePixelRatio(sheet.devicePixelRatioF());
  shot.fill(Theme::of(&sheet).panel);
  QPainter painter(&shot);
  for (int i = 0; i <= int(kLastIcon); ++i)
    paintIcon(painter, Icon(i), QRectF(16 + (i % 12) * 38, 16 + (i / 12) * 48, i % 2 ? 16 : 24, i % 2 ? 16 : 24),
              Theme::of(&sheet).text);
  painter.end();
  QDir().mkpath(folder + "/" + prefix());
  shot.save(folder + "/" + prefix() + "icons.png");
}

INSTANTIATE_TEST_SUITE_P(Themes, Gallery, testing::Values(true, false),
                         [](const auto& info) { return info.param ? "Dark" : "Light"; });

}  // namespace
}  // namespace fw::ui
