{{- define "kbe.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "kbe.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "kbe.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "kbe.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "kbe.selector" -}}
app.kubernetes.io/name: {{ include "kbe.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: exporter
{{- end -}}

{{- define "kbe.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "kbe.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: kafka-burrow-exporter
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kbe.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "kbe.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "kbe.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- /* Several pods that keep a history or a share of the groups need names that stay. */ -}}
{{- define "kbe.stateful" -}}
{{- if or (gt (int .Values.shards) 1) (and (gt (int .Values.replicas) 1) .Values.persistence.enabled) -}}yes{{- end -}}
{{- end -}}

{{- define "kbe.check" -}}
{{- if and (gt (int .Values.shards) 1) (gt (int .Values.replicas) 1) -}}
{{- fail "shards and replicas: only one of them may be more than 1; install the chart twice for two sets of shards" -}}
{{- end -}}
{{- if and .Values.persistence.existingClaim (include "kbe.stateful" .) -}}
{{- fail "persistence.existingClaim: one claim is for one pod; leave it empty with several shards or replicas" -}}
{{- end -}}
{{- end -}}

{{- define "kbe.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
  {{- if .root.Values.webConfig.tls }}
  scheme: HTTPS
  {{- end }}
{{- end -}}

{{- define "kbe.pod" -}}
metadata:
  labels:
    {{- include "kbe.selector" . | nindent 4 }}
    {{- with .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A changed configuration starts a new pod.
    checksum/config: {{ toYaml .Values.config | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "kbe.serviceAccount" . }}
  automountServiceAccountToken: {{ .Values.serviceAccount.automountToken }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: exporter
      image: {{ include "kbe.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - --config.file=/etc/kafka-burrow-exporter/config/config.yml
        - --storage.path=/var/lib/kafka-burrow-exporter
        {{- if .Values.webConfig.secretName }}
        - --web.config.file=/etc/kafka-burrow-exporter/web/web.yml
        {{- end }}
        {{- with .Values.extraArgs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if or .Values.extraEnv (gt (int .Values.shards) 1) }}
      env:
        {{- if gt (int .Values.shards) 1 }}
        - name: KBE_SHARD_COUNT
          value: {{ int .Values.shards | quote }}
        # The name of the pod ends in the index of its shard.
        - name: KBE_SHARD_INDEX
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      {{- with .Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: 8000
      # No probe asks Kafka: a broker that is down causes an alert, and restarting the exporter would not help.
      startupProbe:
        {{- include "kbe.probe" (dict "root" . "path" "/-/healthy") | nindent 8 }}
        periodSeconds: 1
        failureThreshold: 60
      livenessProbe:
        {{- include "kbe.probe" (dict "root" . "path" "/-/healthy") | nindent 8 }}
        periodSeconds: 15
        timeoutSeconds: 5
        failureThreshold: 4
      readinessProbe:
        {{- include "kbe.probe" (dict "root" . "path" "/-/ready") | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 5
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/kafka-burrow-exporter/config
          readOnly: true
        - name: history
          mountPath: /var/lib/kafka-burrow-exporter
        {{- if .Values.webConfig.secretName }}
        - name: web
          mountPath: /etc/kafka-burrow-exporter/web
          readOnly: true
        {{- end }}
        {{- range .Values.secrets }}
        - name: secret-{{ .name }}
          mountPath: /etc/kafka-burrow-exporter/secrets/{{ .name }}
          readOnly: true
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "kbe.fullname" . }}
    {{- if not (and .Values.persistence.enabled (include "kbe.stateful" .)) }}
    - name: history
      {{- if .Values.persistence.enabled }}
      persistentVolumeClaim:
        claimName: {{ default (include "kbe.fullname" .) .Values.persistence.existingClaim }}
      {{- else }}
      # Survives the container but not the pod.
      emptyDir:
        sizeLimit: {{ .Values.persistence.size }}
      {{- end }}
    {{- end }}
    {{- with .Values.webConfig.secretName }}
    - name: web
      secret:
        secretName: {{ . }}
    {{- end }}
    {{- range .Values.secrets }}
    - name: secret-{{ .name }}
      secret:
        secretName: {{ .name }}
        {{- with .keys }}
        items:
          {{- range . }}
          - key: {{ . }}
            path: {{ . }}
          {{- end }}
        {{- end }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
{{- end -}}
