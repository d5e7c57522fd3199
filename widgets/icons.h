// Line icons on a grid of 16, drawn as vectors in the theme's ink at any size.
#pragma once

#include <QColor>
#include <QIcon>
#include <QRectF>

class QPainter;

namespace fw::ui {

enum class Icon {
  Undo,
  Redo,
  Play,
  Pause,
  Stop,
  Search,
  Plus,
  Minus,
  Close,
  Check,
  ChevronDown,
  ChevronUp,
  ChevronRight,
  ChevronLeft,
  Info,
  Warning,
  Error,
  Trash,
  Copy,
  Cut,
  Paste,
  Save,
  Open,
  NewFile,
  File,
  Folder,
  Export,
  Refresh,
  Tidy,
  Fit,
  ZoomIn,
  ZoomOut,
  Link,
  Unlink,
  Weights,
  Lock,
  Pin,
  Eye,
  EyeOff,
  Mute,
  Layers,
  Fork,
  Grid,
  Chart,
  Bars,
  Table,
  History,
  Jobs,
  Settings,
  Help,
  More,
  Home,
  Image,
  Sun,
  Moon
};

/// The last icon, for loops over all.
constexpr Icon kLastIcon = Icon::Moon;

/// An icon that follows the application's palette: text ink, faint where disabled.
QIcon icon(Icon name);

/// An icon of one colour.
QIcon icon(Icon name, const QColor& color);

/// Paints an icon into `rect` (square, any size).
void paintIcon(QPainter& painter, Icon name, const QRectF& rect, const QColor& color);

}  // namespace fw::ui
