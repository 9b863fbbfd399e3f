{{- define "mainstay.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "mainstay.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "mainstay.labels" -}}
{{ include "mainstay.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "mainstay.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "mainstay.name" .) -}}
{{- end -}}

{{- define "mainstay.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mainstay.repositories" -}}
{{- range $index, $repository := .Values.repositories -}}
{{- if $index }} {{ end -}}
{{- required "Every repository has a name." $repository.name }}={{ required "Every repository has a url." $repository.url -}}
{{- end -}}
{{- end -}}

{{- define "mainstay.refuse" -}}
{{- if not (or .Values.repositories .Values.runnerFile) -}}
{{- fail "Cannot install as there is no repository to look after. Set repositories: [{name: shop, url: https://git.example/shop.git}], or runnerFile." -}}
{{- end -}}
{{- if and .Values.repositories .Values.runnerFile -}}
{{- fail "Cannot tell which repositories to look after as both repositories and runnerFile are set. Leave one of them out." -}}
{{- end -}}
{{- if and .Values.runnerFile (not .Values.runnerFile.repositories) -}}
{{- fail "Cannot install as runnerFile names no repository to look after. Set runnerFile.repositories." -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.database.existingSecret) -}}
{{- fail (printf "Cannot run %d replicas as the embedded database belongs to one. Set database.existingSecret." (int .Values.replicas)) -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.backendUrl) -}}
{{- fail (printf "Cannot run %d replicas as the states in a folder belong to one. Set backendUrl: s3://bucket." (int .Values.replicas)) -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "Cannot make the ingress as it has no host. Set ingress.host." -}}
{{- end -}}
{{- end -}}
