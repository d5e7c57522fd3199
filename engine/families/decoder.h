// What decoder-only families have in common: config keys, the stack of layers, weight names.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/families/family.h"

namespace fw {

/// The activation of `hidden_act` or a synonym, by its name here; throws Code::File for one that there is none of.
std::string activationOf(const ModelConfig& config, ModelConfig::Keys keys, const std::string& fallback);

/// Parameters of an attention block from `rope_parameters`, or `rope_theta` and `rope_scaling`; `layerType` picks an
/// inner object ("sliding_attention") where there is one for each kind of layer.
Params ropeParams(const ModelConfig& config, const std::string& layerType = {}, double base = 10000, double share = 1);

/// The same with heads, key-value heads (`keyHeads` where the file is silent; 0: as many as heads), their width (0: the
/// model's width through the heads) and biases.
Params groupedQueryParams(const ModelConfig& config, const std::string& bias, int64_t keyHeads = 0,
                          int64_t headWidth = 0);

/// An RMS norm of each query and key: what it adds to those parameters, and the names of its weights.
void addQkNorm(Params& attention, double eps);
void addQkNormNames(std::vector<WeightRule>& rules);

/// Keys of a decoder that do not change its graph: token ids, dropouts, dtype, training options.
void ignoreCommonKeys(const ModelConfig& config);

/// One kind of layer of a stack.
struct LayerKind {
  std::string letter = "F";
  std::string mixer;              // what stands in place of attention, "ssm.mamba"; empty: the sketch's attention
  Params attention;               // of the mixer
  std::string mlp = "mlp.gated";  // empty: the mixer alone
  Params mlpParams;
  bool hasMixer = true;  // else the MLP alone, behind the norm that stands before mixers
};

/// A stack of layers with attention and MLP.
struct DecoderSketch {
  std::string name;
  int64_t vocabulary = 0, width = 0, layers = 0;
  Params embedding = {};       // besides vocabulary and width
  int64_t embeddingWidth = 0;  // mapped to the width and back by linear maps; 0: the width
  int64_t positions = 0;       // learned; 0: none
  int64_t skippedRows = 0;     // of that table
  std::string norm = "norm.rms";
  Params normParams = {};
  bool hasPreNorms = true;        // x + f(norm(x))
  bool hasPostNorms = false;      // x + norm(f(x)), with or without the other
  bool hasNormsAfterSum = false;  // norm(x + f(x)) instead
  bool isParallel = false;        // x + attention(norm(x)) + mlp(norm'(x))
  bool hasFinalNorm = true;
  std::string mixerNorm = "norm_attention";  // name of the norm before attention or what stands for it
  std::string attentionBlock = "attention.multi_head";
  std::vector<LayerKind> kinds;
  std::string pattern;  // one letter a layer; empty: all are of the first kind
  Params head = {};     // besides vocabulary
};

/// Kinds of layers and the pattern of them by `layer_types`: "F" full attention, "S" with `window` keys. Without that
/// key layer i slides where `slides(i)`. `full` and `sliding` are the attention of each.
void setLayerTypes(DecoderSketch& sketch, const ModelConfig& config, const LayerKind& full, const LayerKind& sliding,
                   int64_t window, const std::function<bool(int64_t)>& slides);

/// Nodes are named embedding, positions, layers (norm_attention, attention, post_norm_attention, norm_mlp, mlp,
/// post_norm_mlp), norm_final, head; the input is tokens, the output logits.
Architecture decoder(const DecoderSketch& of, const Catalog& catalog);

class Sketch;
/// The stack alone, after the sketch's last node.
void writeLayers(Sketch& sketch, const DecoderSketch& of);

/// The pattern of a Repeat whose layers are of these kinds: the shortest text that gives them when it starts again at
/// its end; empty where all are alike.
std::string foldedPattern(const std::string& letters);

/// `time_step_limit` as parameters of a Mamba 2 block; infinity, which JSON has no number for, is no limit.
void setStepLimits(Params& mamba, const ModelConfig& config);

/// Names of a Mamba 2 mixer.
void addMamba2Names(std::vector<WeightRule>& rules, const std::string& theirs, const std::string& ours, bool hasBias,
                    bool hasConvBias);

/// "weight" and, with `hasBias`, "bias" of one module: rules for tensors `theirs`.* and weights `ours`.*.
void addModule(std::vector<WeightRule>& rules, const std::string& theirs, const std::string& ours,
               bool hasBias = false);

/// Names of Llama and those that follow it: model.embed_tokens, model.layers.{}.self_attn.q_proj ... model.norm,
/// lm_head. Biases are those of the config of the attention block ("none", "qkv", "all").
std::vector<WeightRule> llamaNames(const std::string& attentionBias, bool hasMlpBias, bool isTied);

}  // namespace fw
