{{- define "labeler.labels" -}}
app: {{ .Chart.Name }}
release: {{ .Release.Name }}
{{- end }}
