// The colour of a pixel of a matrix; MatrixPyramid::colorOf says the same for the painter.
#version 450

layout(set = 0, binding = 0) uniform sampler2D cells;  // mip levels as the pyramid has them
layout(set = 0, binding = 1) uniform Colors { vec4 table[256]; } colors;
layout(push_constant) uniform View {
  vec4 background;
  vec4 selection;  // left, top, right, bottom in pixels
  vec2 origin;     // cell at the window's corner
  float scale;     // cells a pixel
  float minimum, inverseRange;
  int level, columns, rows;
} view;
layout(location = 0) out vec4 color;

bool isInside(vec2 pixel, float margin) {
  return all(greaterThanEqual(pixel, view.selection.xy + margin)) && all(lessThan(pixel, view.selection.zw - margin));
}

void main() {
  color = view.background;
  const vec2 pixel = gl_FragCoord.xy;
  if (isInside(pixel, -2.0) && !isInside(pixel, 0.0)) {
    color = vec4(1.0);
    return;
  }
  const vec2 place = view.origin + pixel * view.scale;
  if (place.x < 0.0 || place.y < 0.0 || place.x >= float(view.columns) || place.y >= float(view.rows)) return;
  const ivec2 last = textureSize(cells, view.level) - 1;
  const float value = texelFetch(cells, min(ivec2(place) >> view.level, last), view.level).r;
  if (isnan(value)) return;
  const float share = clamp((value - view.minimum) * view.inverseRange, 0.0, 1.0);
  color = colors.table[int(share * 255.0 + 0.5)];
}
