// Writes the JSON schemas beside this file. Not part of any test: only to be run again when they should follow newer resources.
//   npm install --no-save kubernetes-models@4.1.0 @kubernetes-models/prometheus-operator@4.0.0 @kubernetes-models/istio@2.3.0 \
//     @kubernetes-models/gateway-api@0.5.1 && node make.cjs
// The packages (MIT, github.com/tommy351/kubernetes-models-ts) carry the schemas of Kubernetes 1.25, prometheus-operator, Istio and the Gateway API. Two things
// are stricter here: a field that the schema does not name is an error, so that a typing error is found, and null is no value.
// Two things are newer than the packages: the resolution DYNAMIC_DNS of ServiceEntries, and targetRefs of AuthorizationPolicies.
const fs = require("fs");
const path = require("path");

const registered = {};
require.cache[require.resolve("@kubernetes-models/validate")] = {
  loaded: true, exports: { register: (id, schema) => (registered[id] = schema), validate: () => {} },
};
const kinds = {
  "kubernetes-models/v1": ["ConfigMap", "Namespace", "Service", "ServiceAccount"],
  "kubernetes-models/apps/v1": ["StatefulSet"],
  "kubernetes-models/networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
  "kubernetes-models/policy/v1": ["PodDisruptionBudget"],
  "kubernetes-models/rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding"],
  "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1": ["HTTPRoute"],
  "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1": ["PrometheusRule", "ServiceMonitor"],
  "@kubernetes-models/istio/networking.istio.io/v1beta1": ["ServiceEntry", "Sidecar"],
  "@kubernetes-models/istio/security.istio.io/v1": ["AuthorizationPolicy"],
  "@kubernetes-models/istio/telemetry.istio.io/v1alpha1": ["Telemetry"],
};

function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== "object") return schema;
  if (schema.oneOf?.length === 2 && schema.oneOf[1].type === "null") return strict(schema.oneOf[0]);
  if (schema.$ref) return { $ref: "#/definitions/" + schema.$ref.replace(/#$/, "") };
  const { nullable, format, properties, ...rest } = schema;
  const made = {};
  for (const [key, value] of Object.entries(rest)) made[key] = strict(value);
  if (properties) {
    made.properties = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, strict(value)]));
    if (schema.type === "object" && made.additionalProperties === undefined) made.additionalProperties = false;
  }
  return made;
}
function references(schema, found) {
  for (const name of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)) {
    if (found[name[1]]) continue;
    found[name[1]] = strict(registered[name[1]]);
    references(found[name[1]], found);
  }
  return found;
}
for (const [module, names] of Object.entries(kinds)) {
  for (const name of names) {
    const Model = require(module)[name];
    new Model({}).validate();
    const id = Object.keys(registered).find((key) => key.endsWith("." + name) && !key.includes("apimachinery") && registered[key].properties?.kind?.enum?.includes(name));
    const schema = strict(registered[id]);
    // Istio serves the same fields under every version of these kinds since it promoted them to v1.
    if (module.includes("istio")) schema.properties.apiVersion = { enum: [Model.apiVersion.replace(/\/.*/, "/v1")] };
    // Since prometheus-operator 0.65; the newer package has its schemas as compiled code only.
    if (name === "PrometheusRule") schema.properties.spec.properties.groups.items.properties.rules.items.properties.keep_firing_for = { type: "string" };
    if (name === "ServiceEntry") schema.properties.spec.properties.resolution.enum.push("DYNAMIC_DNS");
    const texts = (...keys) => Object.fromEntries(keys.map((key) => [key, { type: "string" }]));
    const target = { type: "object", properties: texts("group", "kind", "name", "namespace"), additionalProperties: false };
    if (name === "AuthorizationPolicy") schema.properties.spec.properties.targetRefs = { items: target, type: "array" };
    fs.writeFileSync(path.join(__dirname, name + ".json"), JSON.stringify({ $schema: "http://json-schema.org/draft-07/schema#", ...schema, definitions: references(schema, {}) }) + "\n");
  }
}
