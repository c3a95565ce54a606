// SPDX-License-Identifier: Apache-2.0
#include "api/json_body.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "api/fields.hpp"

namespace mus {
namespace {

constexpr auto kAdvice = "Send one flat object, like {\"pod\": \"redis\", \"weight\": 4096, \"ttl\": \"15m\"}.";

/// Builds no document: each event either adds a parameter or ends the parse with a sentence.
class FlatObject : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<Parameter> parameters;
  std::string complaint;

  bool null() override { return complain("is null; leave it out instead"); }
  bool boolean(bool value) override { return add(value ? "true" : "false", Parameter::Type::boolean); }
  bool number_integer(number_integer_t value) override { return add(std::to_string(value), Parameter::Type::number); }
  bool number_unsigned(number_unsigned_t value) override { return add(std::to_string(value), Parameter::Type::number); }
  bool number_float(number_float_t, const string_t& text) override { return add(text, Parameter::Type::number); }
  bool string(string_t& value) override { return add(std::move(value), Parameter::Type::text); }
  bool binary(binary_t&) override { return complain("is binary"); }
  bool start_object(std::size_t) override {
    if (inside_) return complain("is an object; only plain values are taken");
    inside_ = true;
    return true;
  }
  bool key(string_t& name) override {
    name_ = std::move(name);
    return true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return complain("is an array; only plain values are taken"); }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    complaint = "The body is not JSON: it goes wrong at byte " + std::to_string(position) + ".";
    return false;
  }

 private:
  bool add(std::string value, Parameter::Type type) {
    if (!inside_) return complain({});
    parameters.push_back({std::move(name_), std::move(value), type});
    return true;
  }
  bool complain(std::string_view what) {
    complaint =
        inside_ ? "The parameter " + shown(name_) + " " + std::string(what) + "." : "The body is no JSON object.";
    return false;
  }

  bool inside_ = false;
  std::string name_;
};

}  // namespace

Result<std::vector<Parameter>> parse_json_body(std::string_view body) {
  FlatObject handler;
  try {
    if (nlohmann::json::sax_parse(body.begin(), body.end(), &handler)) return std::move(handler.parameters);
  } catch (const std::exception&) {
    handler.complaint = "The body is not JSON.";
  }
  return fail(Errc::invalid_argument, handler.complaint, kAdvice);
}

}  // namespace mus
