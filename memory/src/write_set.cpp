#include "write_set.hpp"

#include "keys.hpp"

namespace troupe::memory {

std::string write_set::name(family of, std::string_view key) {
  std::string named;
  named.reserve(key.size() + 1);
  named.push_back(static_cast<char>(of));
  return named.append(key);
}

std::optional<std::string> write_set::stored(family of, std::string_view key) const {
  std::string value;
  const auto status =
      database_->raw().Get(rocksdb::ReadOptions{}, database_->handle(of), {key.data(), key.size()}, &value);
  if (status.IsNotFound()) return {};
  if (!status.ok()) throw failure{database_->translate(status, "reading")};
  return value;
}

std::optional<std::string> write_set::get(family of, std::string_view key) const {
  const auto named = name(of, key);
  const change* found[2] = {};  // the layer's, and the batch's below it
  if (const auto in = layer_.find(named); in != layer_.end()) found[0] = &in->second;
  if (const auto in = batch_.find(named); in != batch_.end()) found[1] = &in->second;
  std::optional<std::string> value;
  if (!(found[0] && found[0]->replaced)) {
    if (!(found[1] && found[1]->replaced))
      value = stored(of, key);
    else
      value = found[1]->value;
    if (found[1] && !found[1]->appended.empty()) value = value.value_or("") + found[1]->appended;
  } else {
    value = found[0]->value;
  }
  if (found[0] && !found[0]->appended.empty()) value = value.value_or("") + found[0]->appended;
  return value;
}

void write_set::put(family of, std::string_view key, std::string value) {
  layer_.insert_or_assign(name(of, key), change{true, std::move(value), {}});
}

void write_set::erase(family of, std::string_view key) { layer_.insert_or_assign(name(of, key), change{true, {}, {}}); }

void write_set::append(family of, std::string_view key, std::string_view bytes) {
  layer_[name(of, key)].appended.append(bytes);
}

void write_set::scan(family of, std::string_view prefix,
                     const std::function<bool(std::string_view, std::string_view)>& visit) const {
  const auto named = name(of, prefix);
  auto in_batch = batch_.lower_bound(named), in_layer = layer_.lower_bound(named);
  const auto more = [&](const changes& in, changes::const_iterator i) {
    return i != in.end() && i->first.starts_with(named);
  };
  const auto end = keys::after(std::string{prefix});
  const rocksdb::Slice bound{end};
  rocksdb::ReadOptions within;
  if (!end.empty()) within.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at{database_->raw().NewIterator(within, database_->handle(of))};
  at->Seek({prefix.data(), prefix.size()});
  for (;;) {
    const auto there = at->Valid() && at->key().starts_with({prefix.data(), prefix.size()});
    const bool batch = more(batch_, in_batch), layer = more(layer_, in_layer);
    if (!there && !batch && !layer) break;
    std::string_view changed;  // the next key that is
    if (batch) changed = in_batch->first;
    if (layer && (!batch || in_layer->first < changed)) changed = in_layer->first;
    if (!changed.empty()) changed.remove_prefix(1);
    const int order = !there ? 1 : !batch && !layer ? -1 : at->key().compare({changed.data(), changed.size()});
    if (order < 0) {
      if (!visit(at->key().ToStringView(), at->value().ToStringView())) return;
    } else {
      // Before it is visited, as a visit may change it, in the layer.
      if (batch && in_batch->first.compare(1, std::string::npos, changed) == 0) ++in_batch;
      if (layer && in_layer->first.compare(1, std::string::npos, changed) == 0) ++in_layer;
      if (const auto value = get(of, changed); value && !visit(changed, *value)) return;
    }
    if (order <= 0) at->Next();
  }
  if (!at->status().ok()) throw failure{database_->translate(at->status(), "reading")};
}

void write_set::accept() {
  batch_.merge(layer_);  // what is left in the layer was in the batch before
  for (auto& [named, change] : layer_) {
    auto& before = batch_.find(named)->second;
    if (change.replaced)
      before = std::move(change);
    else
      before.appended.append(change.appended);
  }
  layer_.clear();
}

void write_set::fill(rocksdb::WriteBatch& into) const {
  for (const auto& [named, change] : batch_) {
    auto* handle = database_->handle(static_cast<family>(named.front()));
    const rocksdb::Slice key{named.data() + 1, named.size() - 1};
    if (!change.replaced) {
      into.Merge(handle, key, change.appended);
    } else if (change.value || !change.appended.empty()) {
      into.Put(handle, key, change.value.value_or("") + change.appended);
    } else {
      into.Delete(handle, key);
    }
  }
}

void write_set::each_accepted(
    family of, std::string_view prefix,
    const std::function<void(std::string_view, const std::optional<std::string>&)>& visit) const {
  const auto named = name(of, prefix);
  for (auto i = batch_.lower_bound(named); i != batch_.end() && i->first.starts_with(named); ++i)
    if (i->second.replaced) visit(std::string_view{i->first}.substr(1), i->second.value);
}

}  // namespace troupe::memory
