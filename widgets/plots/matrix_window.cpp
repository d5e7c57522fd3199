// The window in which Vulkan draws a matrix: its levels as the mip levels of one texture, one triangle, one draw a
// frame.
#include "widgets/plots/matrix_window.h"

#include <QCoreApplication>

#include "widgets/plots/matrix_view.h"

#ifdef FORMWRIGHT_VULKAN
#include <QVulkanDeviceFunctions>
#include <QVulkanFunctions>
#include <QVulkanInstance>
#include <QVulkanWindow>
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "widgets/plots/shaders/matrix_frag.h"
#include "widgets/plots/shaders/matrix_vert.h"
#endif

namespace fw::ui {

#ifndef FORMWRIGHT_VULKAN

MatrixWindow* MatrixWindow::make(MatrixView*, QString& reason) {
  reason = QCoreApplication::translate("MatrixView", "This build has no Vulkan; the picture is painted.");
  return nullptr;
}

#else

namespace {

QString sentence(const char* text) { return QCoreApplication::translate("MatrixView", text); }

/// The push constants of matrix.frag.
struct Constants {
  float background[4], selection[4], origin[2], scale, minimum, inverseRange;
  int32_t level, columns, rows;
};

/// What a frame shows.
struct Scene {
  MatrixPyramidPtr matrix = std::make_shared<const MatrixPyramid>();
  MatrixCamera camera;
  QRect selection;
  QColor background;
  bool isUploaded = false;
  int64_t bytes = 0, frames = 0;
};

/// A step of Vulkan went wrong.
struct Failure {
  VkResult result;
};
void must(VkResult result) {
  if (result != VK_SUCCESS) throw Failure{result};
}

class Renderer : public QVulkanWindowRenderer {
 public:
  Renderer(QVulkanWindow& window, MatrixView& view, Scene& scene) : window_(window), view_(view), scene_(scene) {}

  void initResources() override {
    device_ = window_.device();
    calls_ = window_.vulkanInstance()->deviceFunctions(device_);
    isLost_ = false;
    try {
      makeLayout();
      makePipeline();
      makeColors();
    } catch (const Failure& failure) {
      giveUp(failure);
    }
  }

  void releaseResources() override {
    releaseImage();
    calls_->vkDestroyBuffer(device_, colors_, nullptr);
    calls_->vkFreeMemory(device_, colorsMemory_, nullptr);
    calls_->vkDestroyPipeline(device_, pipeline_, nullptr);
    calls_->vkDestroyPipelineLayout(device_, pipelineLayout_, nullptr);
    calls_->vkDestroyDescriptorPool(device_, pool_, nullptr);
    calls_->vkDestroyDescriptorSetLayout(device_, setLayout_, nullptr);
    colors_ = {}, colorsMemory_ = {}, pipeline_ = {}, pipelineLayout_ = {}, pool_ = {}, setLayout_ = {};
  }

  void physicalDeviceLost() override { lose(); }
  void logicalDeviceLost() override { lose(); }

  void startNextFrame() override {
    if (!isLost_ && !scene_.isUploaded) {
      try {
        upload();
      } catch (const Failure& failure) {
        giveUp(failure);
      }
    }
    const QSize size = window_.swapChainImageSize();
    VkClearValue clear[2] = {};
    const QColor& back = scene_.background;
    clear[0].color = {{float(back.redF()), float(back.greenF()), float(back.blueF()), 1}};
    clear[1].depthStencil = {1, 0};
    VkRenderPassBeginInfo begin = {};
    begin.sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO;
    begin.renderPass = window_.defaultRenderPass();
    begin.framebuffer = window_.currentFramebuffer();
    begin.renderArea.extent = {uint32_t(size.width()), uint32_t(size.height())};
    begin.clearValueCount = 2;
    begin.pClearValues = clear;
    const VkCommandBuffer commands = window_.currentCommandBuffer();
    calls_->vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    if (image_ && !isLost_) draw(commands, size);
    calls_->vkCmdEndRenderPass(commands);
    window_.frameReady();
    ++scene_.frames;
  }

 private:
  void draw(VkCommandBuffer commands, const QSize& size) {
    const VkViewport viewport = {0, 0, float(size.width()), float(size.height()), 0, 1};
    const VkRect2D all = {{0, 0}, {uint32_t(size.width()), uint32_t(size.height())}};
    calls_->vkCmdSetViewport(commands, 0, 1, &viewport);
    calls_->vkCmdSetScissor(commands, 0, 1, &all);
    calls_->vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline_);
    calls_->vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipelineLayout_, 0, 1, &set_, 0,
                                    nullptr);
    const MatrixPyramid& matrix = *scene_.matrix;
    const QRectF selection = selectionInPixels(scene_.camera, scene_.selection);
    const Constants constants = {
        {float(scene_.background.redF()), float(scene_.background.greenF()), float(scene_.background.blueF()), 1},
        {float(selection.left()), float(selection.top()), float(selection.right()), float(selection.bottom())},
        {scene_.camera.left, scene_.camera.top},
        scene_.camera.scale,
        float(matrix.minimum),
        matrix.maximum > matrix.minimum ? float(1 / (matrix.maximum - matrix.minimum)) : 0,
        scene_.camera.level(matrix),
        matrix.columns(),
        matrix.rows()};
    calls_->vkCmdPushConstants(commands, pipelineLayout_, VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof constants,
                               &constants);
    calls_->vkCmdDraw(commands, 3, 1, 0, 0);
  }

  void lose() {
    isLost_ = true;
    fallBack(sentence("The graphics device was lost; the picture is painted."));
  }

  void giveUp(const Failure& failure) {
    isLost_ = true;
    fallBack(sentence("The graphics device could not hold the matrix (Vulkan error %1); the picture is painted.")
                 .arg(int(failure.result)));
  }

  /// Not now: the window is in the middle of a frame.
  void fallBack(const QString& why) {
    QMetaObject::invokeMethod(
        &view_, [view = &view_, why] { view->usePainter(why); }, Qt::QueuedConnection);
  }

  void makeLayout() {
    VkDescriptorSetLayoutBinding bindings[2] = {};
    bindings[0] = {0, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1, VK_SHADER_STAGE_FRAGMENT_BIT, nullptr};
    bindings[1] = {1, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, 1, VK_SHADER_STAGE_FRAGMENT_BIT, nullptr};
    VkDescriptorSetLayoutCreateInfo layout = {};
    layout.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
    layout.bindingCount = 2;
    layout.pBindings = bindings;
    must(calls_->vkCreateDescriptorSetLayout(device_, &layout, nullptr, &setLayout_));
    const VkDescriptorPoolSize sizes[2] = {{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1},
                                           {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, 1}};
    VkDescriptorPoolCreateInfo pool = {};
    pool.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
    pool.maxSets = 1;
    pool.poolSizeCount = 2;
    pool.pPoolSizes = sizes;
    must(calls_->vkCreateDescriptorPool(device_, &pool, nullptr, &pool_));
    VkDescriptorSetAllocateInfo allocate = {};
    allocate.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
    allocate.descriptorPool = pool_;
    allocate.descriptorSetCount = 1;
    allocate.pSetLayouts = &setLayout_;
    must(calls_->vkAllocateDescriptorSets(device_, &allocate, &set_));
    const VkPushConstantRange range = {VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof(Constants)};
    VkPipelineLayoutCreateInfo pipelineLayout = {};
    pipelineLayout.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
    pipelineLayout.setLayoutCount = 1;
    pipelineLayout.pSetLayouts = &setLayout_;
    pipelineLayout.pushConstantRangeCount = 1;
    pipelineLayout.pPushConstantRanges = &range;
    must(calls_->vkCreatePipelineLayout(device_, &pipelineLayout, nullptr, &pipelineLayout_));
  }

  VkShaderModule shader(const uint32_t* code, size_t bytes) {
    VkShaderModuleCreateInfo info = {};
    info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
    info.codeSize = bytes;
    info.pCode = code;
    VkShaderModule module = {};
    must(calls_->vkCreateShaderModule(device_, &info, nullptr, &module));
    return module;
  }

  void makePipeline() {
    VkPipelineShaderStageCreateInfo stages[2] = {};
    stages[0].sType = stages[1].sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    stages[0].stage = VK_SHADER_STAGE_VERTEX_BIT;
    stages[1].stage = VK_SHADER_STAGE_FRAGMENT_BIT;
    stages[0].module = shader(matrixVertexShader, sizeof matrixVertexShader);
    stages[1].module = shader(matrixFragmentShader, sizeof matrixFragmentShader);
    stages[0].pName = stages[1].pName = "main";
    VkPipelineVertexInputStateCreateInfo input = {};
    input.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO;
    VkPipelineInputAssemblyStateCreateInfo assembly = {};
    assembly.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO;
    assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST;
    VkPipelineViewportStateCreateInfo viewport = {};
    viewport.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO;
    viewport.viewportCount = viewport.scissorCount = 1;
    VkPipelineRasterizationStateCreateInfo raster = {};
    raster.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO;
    raster.lineWidth = 1;
    VkPipelineMultisampleStateCreateInfo samples = {};
    samples.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO;
    samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
    VkPipelineDepthStencilStateCreateInfo depth = {};
    depth.sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO;
    VkPipelineColorBlendAttachmentState attachment = {};
    attachment.colorWriteMask = 0xf;
    VkPipelineColorBlendStateCreateInfo blend = {};
    blend.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO;
    blend.attachmentCount = 1;
    blend.pAttachments = &attachment;
    const VkDynamicState changing[2] = {VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
    VkPipelineDynamicStateCreateInfo dynamic = {};
    dynamic.sType = VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO;
    dynamic.dynamicStateCount = 2;
    dynamic.pDynamicStates = changing;
    VkGraphicsPipelineCreateInfo info = {};
    info.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO;
    info.stageCount = 2;
    info.pStages = stages;
    info.pVertexInputState = &input;
    info.pInputAssemblyState = &assembly;
    info.pViewportState = &viewport;
    info.pRasterizationState = &raster;
    info.pMultisampleState = &samples;
    info.pDepthStencilState = &depth;
    info.pColorBlendState = &blend;
    info.pDynamicState = &dynamic;
    info.layout = pipelineLayout_;
    info.renderPass = window_.defaultRenderPass();
    const VkResult result = calls_->vkCreateGraphicsPipelines(device_, {}, 1, &info, nullptr, &pipeline_);
    for (const VkPipelineShaderStageCreateInfo& stage : stages)
      calls_->vkDestroyShaderModule(device_, stage.module, nullptr);
    must(result);
  }

  uint32_t memoryType(uint32_t allowed, VkMemoryPropertyFlags wanted) const {
    VkPhysicalDeviceMemoryProperties memory;
    window_.vulkanInstance()->functions()->vkGetPhysicalDeviceMemoryProperties(window_.physicalDevice(), &memory);
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
      if ((allowed >> i & 1) != 0 && (memory.memoryTypes[i].propertyFlags & wanted) == wanted) return i;
    throw Failure{VK_ERROR_OUT_OF_DEVICE_MEMORY};
  }

  VkDeviceMemory allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags wanted) {
    VkMemoryAllocateInfo info = {};
    info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    info.allocationSize = needs.size;
    info.memoryTypeIndex = memoryType(needs.memoryTypeBits, wanted);
    VkDeviceMemory memory = {};
    must(calls_->vkAllocateMemory(device_, &info, nullptr, &memory));
    return memory;
  }

  /// A buffer that the host writes.
  VkBuffer makeBuffer(VkDeviceSize bytes, VkBufferUsageFlags usage, VkDeviceMemory& memory) {
    VkBufferCreateInfo info = {};
    info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
    info.size = bytes;
    info.usage = usage;
    VkBuffer buffer = {};
    must(calls_->vkCreateBuffer(device_, &info, nullptr, &buffer));
    VkMemoryRequirements needs;
    calls_->vkGetBufferMemoryRequirements(device_, buffer, &needs);
    memory = allocate(needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    must(calls_->vkBindBufferMemory(device_, buffer, memory, 0));
    return buffer;
  }

  void makeColors() {
    colors_ = makeBuffer(256 * 4 * sizeof(float), VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT, colorsMemory_);
  }

  void writeColors() {
    void* pointer = nullptr;
    must(calls_->vkMapMemory(device_, colorsMemory_, 0, VK_WHOLE_SIZE, 0, &pointer));
    auto* values = static_cast<float*>(pointer);
    const QRgb* table = colorTable(scene_.matrix->map);
    for (int i = 0; i < 256; ++i) {
      const std::array<float, 4> color = {float(qRed(table[i])) / 255, float(qGreen(table[i])) / 255,
                                          float(qBlue(table[i])) / 255, 1};
      std::copy(color.begin(), color.end(), values + std::ptrdiff_t(i) * 4);
    }
    calls_->vkUnmapMemory(device_, colorsMemory_);
  }

  void releaseImage() {
    calls_->vkDestroySampler(device_, sampler_, nullptr);
    calls_->vkDestroyImageView(device_, imageView_, nullptr);
    calls_->vkDestroyImage(device_, image_, nullptr);
    calls_->vkFreeMemory(device_, imageMemory_, nullptr);
    sampler_ = {}, imageView_ = {}, image_ = {}, imageMemory_ = {};
    scene_.isUploaded = false;
    scene_.bytes = 0;
  }

  void upload() {
    calls_->vkDeviceWaitIdle(device_);
    releaseImage();
    scene_.isUploaded = true;
    const MatrixPyramid& matrix = *scene_.matrix;
    if (matrix.levels.empty()) return;
    const uint32_t largest = window_.physicalDeviceProperties()->limits.maxImageDimension2D;
    if (uint32_t(std::max(matrix.rows(), matrix.columns())) > largest) throw Failure{VK_ERROR_FORMAT_NOT_SUPPORTED};
    makeImage(matrix);
    copyLevels(matrix);
    writeColors();
    const VkDescriptorImageInfo image = {sampler_, imageView_, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
    const VkDescriptorBufferInfo buffer = {colors_, 0, VK_WHOLE_SIZE};
    VkWriteDescriptorSet writes[2] = {};
    writes[0].sType = writes[1].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    writes[0].dstSet = writes[1].dstSet = set_;
    writes[0].descriptorCount = writes[1].descriptorCount = 1;
    writes[0].descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
    writes[0].pImageInfo = &image;
    writes[1].dstBinding = 1;
    writes[1].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER;
    writes[1].pBufferInfo = &buffer;
    calls_->vkUpdateDescriptorSets(device_, 2, writes, 0, nullptr);
  }

  void makeImage(const MatrixPyramid& matrix) {
    const auto levels = uint32_t(matrix.levels.size());
    VkImageCreateInfo info = {};
    info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = VK_FORMAT_R16_SFLOAT;
    info.extent = {uint32_t(matrix.columns()), uint32_t(matrix.rows()), 1};
    info.mipLevels = levels;
    info.arrayLayers = 1;
    info.samples = VK_SAMPLE_COUNT_1_BIT;
    info.tiling = VK_IMAGE_TILING_OPTIMAL;
    info.usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    must(calls_->vkCreateImage(device_, &info, nullptr, &image_));
    VkMemoryRequirements needs;
    calls_->vkGetImageMemoryRequirements(device_, image_, &needs);
    imageMemory_ = allocate(needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    must(calls_->vkBindImageMemory(device_, image_, imageMemory_, 0));
    scene_.bytes = int64_t(needs.size);
    VkImageViewCreateInfo view = {};
    view.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
    view.image = image_;
    view.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view.format = info.format;
    view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, levels, 0, 1};
    must(calls_->vkCreateImageView(device_, &view, nullptr, &imageView_));
    VkSamplerCreateInfo sampler = {};
    sampler.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO;
    sampler.maxLod = float(levels);
    must(calls_->vkCreateSampler(device_, &sampler, nullptr, &sampler_));
  }

  /// Records commands, runs them and waits.
  template <class Record>
  void submit(const Record& record) {
    VkCommandBufferAllocateInfo allocate = {};
    allocate.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    allocate.commandPool = window_.graphicsCommandPool();
    allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    allocate.commandBufferCount = 1;
    VkCommandBuffer commands = {};
    must(calls_->vkAllocateCommandBuffers(device_, &allocate, &commands));
    VkCommandBufferBeginInfo begin = {};
    begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
    begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    must(calls_->vkBeginCommandBuffer(commands, &begin));
    record(commands);
    must(calls_->vkEndCommandBuffer(commands));
    VkSubmitInfo info = {};
    info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
    info.commandBufferCount = 1;
    info.pCommandBuffers = &commands;
    must(calls_->vkQueueSubmit(window_.graphicsQueue(), 1, &info, {}));
    must(calls_->vkQueueWaitIdle(window_.graphicsQueue()));
    calls_->vkFreeCommandBuffers(device_, window_.graphicsCommandPool(), 1, &commands);
  }

  void change(VkCommandBuffer commands, VkImageLayout from, VkImageLayout to) {
    VkImageMemoryBarrier barrier = {};
    barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
    barrier.oldLayout = from;
    barrier.newLayout = to;
    barrier.srcAccessMask = from == VK_IMAGE_LAYOUT_UNDEFINED ? 0 : VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask =
        to == VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL ? VK_ACCESS_TRANSFER_WRITE_BIT : VK_ACCESS_SHADER_READ_BIT;
    barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    barrier.image = image_;
    barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, VK_REMAINING_MIP_LEVELS, 0, 1};
    calls_->vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0,
                                 nullptr, 0, nullptr, 1, &barrier);
  }

  /// Through a small buffer, some rows at a time: the host never holds a second copy.
  void copyLevels(const MatrixPyramid& matrix) {
    constexpr int64_t kStaging = int64_t(32) << 20;
    VkDeviceMemory memory = {};
    const VkBuffer staging = makeBuffer(kStaging, VK_BUFFER_USAGE_TRANSFER_SRC_BIT, memory);
    void* pointer = nullptr;
    must(calls_->vkMapMemory(device_, memory, 0, VK_WHOLE_SIZE, 0, &pointer));
    submit([&](VkCommandBuffer commands) {
      change(commands, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    });
    for (size_t index = 0; index < matrix.levels.size(); ++index) {
      const MatrixPyramid::Level& level = matrix.levels[index];
      const int64_t rowBytes = int64_t(level.columns) * int64_t(sizeof(uint16_t));
      const int most = int(std::clamp<int64_t>(kStaging / rowBytes, 1, level.rows));
      for (int row = 0; row < level.rows; row += most) {
        const int rows = std::min(most, level.rows - row);
        std::memcpy(pointer, level.cells.data() + int64_t(row) * level.columns, size_t(rows * rowBytes));
        VkBufferImageCopy region = {};
        region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, uint32_t(index), 0, 1};
        region.imageOffset = {0, row, 0};
        region.imageExtent = {uint32_t(level.columns), uint32_t(rows), 1};
        submit([&](VkCommandBuffer commands) {
          calls_->vkCmdCopyBufferToImage(commands, staging, image_, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
        });
      }
    }
    submit([&](VkCommandBuffer commands) {
      change(commands, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL);
    });
    calls_->vkUnmapMemory(device_, memory);
    calls_->vkDestroyBuffer(device_, staging, nullptr);
    calls_->vkFreeMemory(device_, memory, nullptr);
  }

  QVulkanWindow& window_;
  MatrixView& view_;
  Scene& scene_;
  QVulkanDeviceFunctions* calls_ = nullptr;
  VkDevice device_ = {};
  VkDescriptorSetLayout setLayout_ = {};
  VkDescriptorPool pool_ = {};
  VkDescriptorSet set_ = {};
  VkPipelineLayout pipelineLayout_ = {};
  VkPipeline pipeline_ = {};
  VkBuffer colors_ = {};
  VkDeviceMemory colorsMemory_ = {}, imageMemory_ = {};
  VkImage image_ = {};
  VkImageView imageView_ = {};
  VkSampler sampler_ = {};
  bool isLost_ = false;
};

/// Outlives the window that draws with it.
struct InstanceHolder {
  std::unique_ptr<QVulkanInstance> instance;
};

class VulkanMatrixWindow : private InstanceHolder, public QVulkanWindow, public MatrixWindow {
 public:
  VulkanMatrixWindow(MatrixView* view, std::unique_ptr<QVulkanInstance> made)
      : InstanceHolder{std::move(made)}, view_(view) {
    setVulkanInstance(instance.get());
    setPreferredColorFormats({VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_R8G8B8A8_UNORM});
  }

  QVulkanWindowRenderer* createRenderer() override { return new Renderer(*this, *view_, scene_); }
  QWindow* window() override { return this; }
  void setMatrix(MatrixPyramidPtr matrix) override {
    scene_.matrix = std::move(matrix);
    scene_.isUploaded = false;
    requestUpdate();
  }
  void show(const MatrixCamera& camera, const QRect& selection, const QColor& background) override {
    scene_.camera = camera;
    scene_.selection = selection;
    scene_.background = background;
    requestUpdate();
  }
  QImage grab() override {
    if (!supportsGrab() || !isExposed()) return {};
    // Qt gives the bytes as the swap chain has them.
    const QImage image = QVulkanWindow::grab();
    return colorFormat() == VK_FORMAT_B8G8R8A8_UNORM ? image.rgbSwapped() : image;
  }
  int64_t deviceBytes() const override { return scene_.bytes; }
  int64_t framesDrawn() const override { return scene_.frames; }

 private:
  MatrixView* view_;
  Scene scene_;
};

}  // namespace

MatrixWindow* MatrixWindow::make(MatrixView* view, QString& reason) {
  auto instance = std::make_unique<QVulkanInstance>();
  if (!instance->create()) {
    reason = sentence("There is no Vulkan here (error %1); the picture is painted.").arg(int(instance->errorCode()));
    return nullptr;
  }
  auto window = std::make_unique<VulkanMatrixWindow>(view, std::move(instance));
  if (window->availablePhysicalDevices().isEmpty()) {
    reason = sentence("Vulkan finds no graphics device; the picture is painted.");
    return nullptr;
  }
  return window.release();
}

#endif

}  // namespace fw::ui
