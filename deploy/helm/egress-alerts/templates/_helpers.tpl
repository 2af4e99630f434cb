{{/* The name of all resources: the release's, with the chart's name unless it is in there already. A pod's name ends with a number of its own. */}}
{{- define "egress-alerts.fullname" -}}
{{- $default := contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) -}}
{{- .Values.fullnameOverride | default $default | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{/* They choose the pods. A StatefulSet cannot change them. */}}
{{- define "egress-alerts.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "egress-alerts.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "egress-alerts.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Name, namespace and labels of a resource. */}}
{{- define "egress-alerts.metadata" -}}
name: {{ include "egress-alerts.fullname" . }}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "egress-alerts.labels" . | nindent 2 }}
{{- end }}

{{- define "egress-alerts.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "egress-alerts.fullname" .) "default") -}}
{{- end }}

{{- define "egress-alerts.image" -}}
{{- with .Values.image -}}
{{- .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end }}

{{/* What all paths begin with, without a slash at its end. */}}
{{- define "egress-alerts.prefix" -}}
{{- with trimAll "/" .Values.routePrefix }}/{{ . }}{{ end -}}
{{- end }}

{{/* "true" if the pods watch ServiceEntries with the token of their service account. */}}
{{- define "egress-alerts.watchesCluster" -}}
{{- $kubernetes := dig "telemetry" "kubernetes" (dict) .Values.config -}}
{{- if and $kubernetes.watch (not $kubernetes.kubeconfig) }}true{{ end -}}
{{- end }}

{{/* A shipped file, whose links lead to where people reach the pages. */}}
{{- define "egress-alerts.linked" -}}
{{- $url := dig "alerting" "external_url" "" .root.Values.config | default "https://egress-alerts.example.com" | trimSuffix "/" -}}
{{- .root.Files.Get .path | replace "https://egress-alerts.example.com" $url -}}
{{- end }}
