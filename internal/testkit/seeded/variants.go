package seeded

const (
	deployment   = "deployment.yaml"
	service      = "service.yaml"
	availability = "availability.yaml"
	network      = "network.yaml"
	config       = "config.yaml"
	cronjob      = "cronjob.yaml"
	database     = "database.yaml"
)

const (
	startup   = "          startupProbe:\n            httpGet: {path: /health/started, port: health}\n            periodSeconds: 10\n            timeoutSeconds: 2\n            failureThreshold: 30\n"
	readiness = "          readinessProbe:\n            httpGet: {path: /health/ready, port: health}\n            periodSeconds: 5\n            timeoutSeconds: 2\n            failureThreshold: 3\n"
	liveness  = "          livenessProbe:\n            httpGet: {path: /health/live, port: health}\n            periodSeconds: 20\n            timeoutSeconds: 5\n            failureThreshold: 3\n"
	appPDB    = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: checkout\n  namespace: shop\nspec:\n  maxUnavailable: 1\n  unhealthyPodEvictionPolicy: AlwaysAllow\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: checkout\n"
	appHPA    = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: checkout\n"
	dnsOfApp  = "    - to:\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: checkout-db\n      ports:\n        - {protocol: TCP, port: 5432}\n    - to:\n        - namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: kube-system\n          podSelector:\n            matchLabels:\n              k8s-app: kube-dns\n      ports:\n        - {protocol: UDP, port: 53}\n        - {protocol: TCP, port: 53}\n"
	resources = "          resources:\n            requests:\n              cpu: 500m\n              memory: 512Mi\n              ephemeral-storage: 256Mi\n            limits:\n              cpu: 500m\n              memory: 512Mi\n              ephemeral-storage: 256Mi\n"
	appSec    = resources + "          securityContext:\n            allowPrivilegeEscalation: false\n            readOnlyRootFilesystem: true\n            capabilities:\n              drop: [ALL]\n"
	image     = "registry.example.com/shop/checkout:1.8.2@sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
	podSec    = "        fsGroup: 10001\n        seccompProfile:\n          type: RuntimeDefault\n      topologySpreadConstraints:"
)

func one(file, old, new string) []edit { return []edit{{file, old, new}} }

func rules(ids ...string) []string { return ids }

const claim = `---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: checkout-data
  namespace: shop
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: fast-zonal
  resources:
    requests:
      storage: 10Gi
`

// useClaim mounts a claim in the Deployment.
var useClaim = edit{deployment, "        - name: scratch\n          emptyDir:\n            sizeLimit: 128Mi\n", "        - name: scratch\n          persistentVolumeClaim:\n            claimName: checkout-data\n"}

// fixed replaces the autoscaler by a fixed number of replicas.
func fixed(n string) []edit {
	return []edit{
		{deployment, "  # no replicas: the HorizontalPodAutoscaler decides\n", "  replicas: " + n + "\n"},
		{availability, appHPA + "  namespace: shop\nspec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: checkout\n  minReplicas: 3\n  maxReplicas: 12\n  metrics:\n    - type: Resource\n      resource:\n        name: cpu\n        target:\n          type: Utilization\n          averageUtilization: 65\n---\n", ""},
	}
}

// Variants are all defects, in the order of their IDs.
var Variants = []Variant{
	{"P01", "readiness and liveness ask the same path and named port", rules("probes-identical"), one(deployment, "/health/live", "/health/ready")},
	{"P02", "the same endpoint, once by port name and once by number", rules("probes-identical"), one(deployment, "{path: /health/live, port: health}", "{path: /health/ready, port: 8081}")},
	{"P03", "the same path on different named ports: no defect", nil, []edit{{deployment, "{path: /health/live, port: health}", "{path: /health, port: health}"}, {deployment, "{path: /health/ready, port: health}", "{path: /health, port: http}"}}},
	{"P04", "timeoutSeconds above periodSeconds", rules("probe-timeout-exceeds-period"), one(deployment, "            periodSeconds: 5\n            timeoutSeconds: 2\n", "            periodSeconds: 5\n            timeoutSeconds: 8\n")},
	{"P05", "liveness with failureThreshold 1", rules("probe-liveness-hair-trigger"), one(deployment, "            periodSeconds: 20\n            timeoutSeconds: 5\n            failureThreshold: 3\n", "            periodSeconds: 20\n            timeoutSeconds: 1\n            failureThreshold: 1\n")},
	{"P06", "liveness with successThreshold 2", rules("api-invalid"), one(deployment, "            periodSeconds: 20\n            timeoutSeconds: 5\n", "            periodSeconds: 20\n            successThreshold: 2\n            timeoutSeconds: 5\n")},
	{"P07", "a probe names a port that is not declared", rules("probe-port-undeclared"), one(deployment, "{path: /health/ready, port: health}", "{path: /health/ready, port: healthz}")},
	{"P08", "no startupProbe, and liveness without initial delay", rules("probe-startup-missing"), one(deployment, startup, "")},
	{"P09", "no liveness probe", rules("probe-liveness-missing"), one(deployment, liveness, "")},
	{"P10", "no readiness probe", rules("probe-readiness-missing"), one(deployment, readiness, "")},
	{"P11", "liveness stricter than readiness", rules("probe-liveness-stricter-than-readiness"), []edit{{deployment, readiness, "          readinessProbe:\n            httpGet: {path: /health/ready, port: health}\n            periodSeconds: 30\n            timeoutSeconds: 5\n            failureThreshold: 6\n"}}},
	{"P12", "progressDeadlineSeconds below the startup budget", rules("probe-budget-exceeds-progress-deadline"), one(deployment, "progressDeadlineSeconds: 600", "progressDeadlineSeconds: 120")},
	{"L01", "preStop sleep longer than the grace period", rules("prestop-exceeds-grace"), one(deployment, "sleep: {seconds: 10}", "exec: {command: [sh, -c, sleep 60]}")},
	{"L02", "terminationGracePeriodSeconds 0 behind a Service", rules("grace-period-zero"), []edit{{deployment, "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 0"}, {deployment, "          lifecycle:\n            preStop:\n              sleep: {seconds: 10}\n", ""}}},
	{"L03", "no drain behind a Service", rules("prestop-missing"), one(deployment, "          lifecycle:\n            preStop:\n              sleep: {seconds: 10}\n", "")},

	{"A01", "PDB with maxUnavailable 0", rules("pdb-blocks-drain"), one(availability, "maxUnavailable: 1", "maxUnavailable: 0")},
	{"A02", "PDB with minAvailable equal to the replicas", rules("pdb-blocks-drain"), append(fixed("3"), edit{availability, "maxUnavailable: 1", "minAvailable: 3"})},
	{"A03", "PDB with minAvailable equal to the HPA's minReplicas", rules("pdb-blocks-drain"), one(availability, "maxUnavailable: 1", "minAvailable: 3")},
	{"A04", "PDB with minAvailable 50% over a single replica", rules("pdb-blocks-drain"), []edit{{database, "replicas: 3", "replicas: 1"}, {database, "maxUnavailable: 1", "minAvailable: 50%"}}},
	{"A05", "PDB that selects nothing", rules("pdb-selects-nothing"), one(availability, "      app.kubernetes.io/name: checkout\n", "      app.kubernetes.io/name: chekout\n")},
	{"A06", "two PDBs over the same pods", rules("pdb-overlap"), one(availability, "", "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: shop\n  namespace: shop\nspec:\n  maxUnavailable: 1\n  unhealthyPodEvictionPolicy: AlwaysAllow\n  selector:\n    matchLabels:\n      app.kubernetes.io/part-of: shop\n")},
	{"A07", "no PDB", rules("pdb-missing"), one(availability, "---\n"+appPDB, "")},
	{"A08", "the target of an HPA also sets replicas", rules("hpa-and-replicas"), one(deployment, "  # no replicas: the HorizontalPodAutoscaler decides\n", "  replicas: 3\n")},
	{"A09", "HPA on CPU and no CPU request", rules("hpa-without-requests"), []edit{{deployment, resources, "          resources:\n            requests:\n              memory: 512Mi\n              ephemeral-storage: 256Mi\n            limits:\n              memory: 512Mi\n              ephemeral-storage: 256Mi\n"}}},
	{"A10", "HPA with minReplicas above maxReplicas", rules("api-invalid"), one(availability, "minReplicas: 3", "minReplicas: 15")},
	{"A11", "HPA whose target does not exist", rules("hpa-target-missing"), one(availability, "    kind: Deployment\n    name: checkout\n", "    kind: Deployment\n    name: checkout-v2\n")},
	{"A12", "two HPAs on one target", rules("hpa-duplicate"), one(availability, "", "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: checkout-memory\n  namespace: shop\nspec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: checkout\n  minReplicas: 3\n  maxReplicas: 6\n  metrics:\n    - type: Resource\n      resource:\n        name: memory\n        target:\n          type: Utilization\n          averageUtilization: 80\n")},
	{"A13", "maxSurge 0 and maxUnavailable 0", rules("api-invalid"), one(deployment, "maxSurge: 1", "maxSurge: 0")},
	{"A14", "maxUnavailable 100%", rules("strategy-max-unavailable-all"), one(deployment, "maxUnavailable: 0", "maxUnavailable: 100%")},
	{"A15", "a spread constraint that does not match its own pods", rules("spread-selector-misses-own-pods"), one(deployment, "          whenUnsatisfiable: ScheduleAnyway\n          labelSelector:\n            matchLabels:\n              app.kubernetes.io/name: checkout\n", "          whenUnsatisfiable: ScheduleAnyway\n          labelSelector:\n            matchLabels:\n              app: checkout\n")},
	{"A16", "neither spread nor anti-affinity", rules("spread-missing"), one(deployment, "      topologySpreadConstraints:\n        - maxSkew: 1\n          topologyKey: topology.kubernetes.io/zone\n          whenUnsatisfiable: ScheduleAnyway\n          labelSelector:\n            matchLabels:\n              app.kubernetes.io/name: checkout\n      affinity:\n        podAntiAffinity:\n          preferredDuringSchedulingIgnoredDuringExecution:\n            - weight: 100\n              podAffinityTerm:\n                topologyKey: kubernetes.io/hostname\n                labelSelector:\n                  matchLabels:\n                    app.kubernetes.io/name: checkout\n", "")},
	{"A17", "strategy Recreate behind a Service", rules("strategy-recreate-behind-service"), one(deployment, "    type: RollingUpdate\n    rollingUpdate:\n      maxSurge: 1\n      maxUnavailable: 0\n", "    type: Recreate\n")},
	{"A18", "a single replica", rules("replicas-single"), fixed("1")},

	{"S01", "a ReadWriteOnce claim shared by four replicas", rules("rwo-shared-by-replicas"), append(fixed("4"), useClaim, edit{config, "", claim})},
	{"S02", "a ReadWriteOnce claim under a rolling update of one replica", rules("rwo-surge-deadlock"), append(fixed("1"), useClaim, edit{config, "", claim})},
	{"S03", "an NFS volume", rules("nfs-inline"), one(deployment, "          emptyDir:\n            sizeLimit: 128Mi\n", "          nfs:\n            server: nfs.example.com\n            path: /exports/shop\n")},
	{"S04", "emptyDir without sizeLimit", rules("emptydir-size-limit-missing"), one(deployment, "          emptyDir:\n            sizeLimit: 128Mi\n", "          emptyDir: {}\n")},
	{"S05", "a StatefulSet whose serviceName is no Service", rules("statefulset-service-missing"), one(database, "serviceName: checkout-db", "serviceName: checkout-database")},
	{"S06", "a claim that does not exist", rules("pvc-missing"), []edit{useClaim}},
	{"S07", "claims deleted with the StatefulSet", rules("pvc-retention-delete"), one(database, "    whenDeleted: Retain\n    whenScaled: Retain\n", "    whenDeleted: Delete\n    whenScaled: Delete\n")},
	{"S08", "a writable hostPath", rules("hostpath-writable"), one(deployment, "          emptyDir:\n            sizeLimit: 128Mi\n", "          hostPath:\n            path: /var/lib/checkout\n            type: DirectoryOrCreate\n")},
	{"S09", "a mount of a volume that is not defined", rules("api-invalid"), one(deployment, "            - name: scratch\n              mountPath: /tmp\n", "            - name: scrtch\n              mountPath: /tmp\n")},

	{"C01", "a ConfigMap volume that does not exist", rules("configmap-missing"), one(deployment, "          configMap:\n            name: checkout-config\n", "          configMap:\n            name: checkout-conf\n")},
	{"C02", "a key that the ConfigMap does not have", rules("configmap-key-missing"), one(deployment, "                  key: log-level\n", "                  key: loglevel\n")},
	{"C03", "a ConfigMap mounted by subPath", rules("subpath-never-refreshes"), one(deployment, "            - name: config\n              mountPath: /etc/checkout\n", "            - name: config\n              mountPath: /etc/checkout/features\n              subPath: features\n")},
	{"C04", "an AWS secret as a plain env value", rules("secret-in-env-literal"), one(deployment, "          env:\n", "          env:\n            - name: AWS_SECRET_ACCESS_KEY\n              value: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n")},
	{"C05", "a Secret volume that does not exist", rules("secret-missing"), one(deployment, "secretName: checkout-credentials", "secretName: checkout-creds")},
	{"C06", "a secret through an environment variable", rules("secret-via-env"), one(deployment, "          env:\n", "          env:\n            - name: DB_USER\n              valueFrom:\n                secretKeyRef:\n                  name: checkout-credentials\n                  key: username\n")},
	{"C07", "an environment variable that is there twice", rules("env-duplicate"), one(deployment, "          env:\n", "          env:\n            - name: REGION\n              value: eu-west-1\n            - name: REGION\n              value: eu-central-1\n")},
	{"C08", "envFrom a ConfigMap that does not exist", rules("configmap-missing"), one(deployment, "            - configMapRef:\n                name: checkout-config\n", "            - configMapRef:\n                name: checkout-env\n")},
	{"C09", "a change of the configuration rolls no pods", rules("config-change-does-not-roll"), one(deployment, "      annotations:\n        checksum/config: 4c1b2f0e5d3a\n", "")},
	{"C10", "a password in a ConfigMap", rules("secret-in-configmap"), one(config, "  log-level: info\n", "  log-level: info\n  db-password: hunter2-not-a-real-one\n")},

	{"N01", "a Service that selects no pods", rules("service-selects-nothing"), one(service, "  selector:\n    app.kubernetes.io/name: checkout\n", "  selector:\n    app.kubernetes.io/name: check-out\n")},
	{"N02", "a targetPort number that no container has", rules("targetport-not-on-pod"), one(service, "targetPort: http\n", "targetPort: 8088\n")},
	{"N03", "a targetPort name that no container has", rules("targetport-not-on-pod"), one(service, "targetPort: http\n", "targetPort: web\n")},
	{"N04", "a port without a protocol for a mesh", rules("port-name-without-protocol"), []edit{{deployment, "        checksum/config: 4c1b2f0e5d3a\n", "        checksum/config: 4c1b2f0e5d3a\n        sidecar.istio.io/inject: \"true\"\n"}, {service, "    - name: http\n", "    - name: main\n"}, {service, "      appProtocol: http\n", ""}, {network, "                port:\n                  name: http\n", "                port:\n                  name: main\n"}}},
	{"N05", "a NetworkPolicy that selects nothing", rules("networkpolicy-selects-nothing"), one(network, "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: checkout\n  policyTypes", "  podSelector:\n    matchLabels:\n      app: checkout\n  policyTypes")},
	{"N06", "an egress policy without DNS", rules("networkpolicy-egress-without-dns"), []edit{{network, dnsOfApp, "    - to:\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: checkout-db\n      ports:\n        - {protocol: TCP, port: 5432}\n"}, {network, "  egress:\n    - to:\n        - namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: kube-system\n          podSelector:\n            matchLabels:\n              k8s-app: kube-dns\n      ports:\n        - {protocol: UDP, port: 53}\n        - {protocol: TCP, port: 53}\n---", "---"}}},
	{"N07", "a NetworkPolicy that opens the Service's port, not the pod's", rules("networkpolicy-wrong-port"), one(network, "        - {protocol: TCP, port: 8080}\n", "        - {protocol: TCP, port: 80}\n")},
	{"N08", "a NetworkPolicy peer that selects nothing", rules("networkpolicy-peer-selects-nothing"), []edit{{network, "    - from:\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: checkout\n      ports:", "    - from:\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: chckout\n      ports:"}}},
	{"N09", "a Service that also selects another workload", rules("service-selects-other-workload"), []edit{{service, "  selector:\n    app.kubernetes.io/name: checkout\n", "  selector:\n    app.kubernetes.io/part-of: shop\n"}, {database, "    metadata:\n      labels:\n        app.kubernetes.io/name: checkout-db\n", "    metadata:\n      labels:\n        app.kubernetes.io/name: checkout-db\n        app.kubernetes.io/part-of: shop\n"}}},
	{"N10", "an Ingress to a port that the Service does not have", rules("ingress-backend-port-missing"), one(network, "                port:\n                  name: http\n", "                port:\n                  number: 8080\n")},
	{"N11", "an Ingress to a Service that does not exist", rules("ingress-backend-missing"), one(network, "              service:\n                name: checkout\n", "              service:\n                name: checkout-web\n")},
	{"N12", "a Service without selector and an EndpointSlice to a VM: no defect", nil, one(service, "", "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: legacy-pricing\n  namespace: shop\nspec:\n  ports:\n    - name: http\n      port: 80\n      targetPort: 8080\n      appProtocol: http\n---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: legacy-pricing-1\n  namespace: shop\n  labels:\n    kubernetes.io/service-name: legacy-pricing\naddressType: IPv4\nports:\n  - name: http\n    port: 8080\n    protocol: TCP\nendpoints:\n  - addresses: [10.20.30.40]\n")},
	{"N16", "no NetworkPolicy for the workload", rules("networkpolicy-missing"), []edit{{network, "  podSelector: {}\n", "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: checkout-db\n"}, {network, "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: checkout\n  policyTypes", "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: checkout-db\n  policyTypes"}}},
	{"N17", "a NodePort Service", rules("service-nodeport"), one(service, "type: ClusterIP", "type: NodePort")},

	{"J01", "a CronJob without concurrencyPolicy", rules("cronjob-concurrency-unset"), one(cronjob, "  concurrencyPolicy: Forbid\n", "")},
	{"J02", "a CronJob without startingDeadlineSeconds", rules("cronjob-starting-deadline-missing"), one(cronjob, "  startingDeadlineSeconds: 300\n", "")},
	{"J03", "a CronJob with restartPolicy Always", rules("api-invalid", "api-unsupported-value"), one(cronjob, "restartPolicy: Never", "restartPolicy: Always")},
	{"J04", "a CronJob with an invalid schedule", rules("api-invalid"), one(cronjob, "15 4 * * *", "15 25 * * *")},
	{"J05", "a CronJob without deadline and backoff", rules("job-deadline-missing"), one(cronjob, "      backoffLimit: 2\n      activeDeadlineSeconds: 3600\n", "")},
	{"J06", "startingDeadlineSeconds under 10", rules("cronjob-starting-deadline-too-short"), one(cronjob, "startingDeadlineSeconds: 300", "startingDeadlineSeconds: 5")},
	{"J07", "a time zone inside the schedule", rules("api-invalid"), []edit{{cronjob, `"15 4 * * *"`, `"CRON_TZ=Europe/Berlin 15 4 * * *"`}, {cronjob, "  timeZone: Etc/UTC\n", ""}}},
	{"J08", "a Job without time to live", rules("job-ttl-missing"), one(cronjob, "", "---\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: checkout-backfill\n  namespace: shop\nspec:\n  backoffLimit: 2\n  activeDeadlineSeconds: 3600\n  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: checkout-backfill\n    spec:\n      restartPolicy: Never\n      serviceAccountName: checkout\n      automountServiceAccountToken: false\n      securityContext:\n        runAsNonRoot: true\n        runAsUser: 10001\n        runAsGroup: 10001\n        seccompProfile: {type: RuntimeDefault}\n      containers:\n        - name: backfill\n          image: registry.example.com/shop/checkout-report:1.8.2@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n          imagePullPolicy: Always\n          resources:\n            requests: {cpu: 200m, memory: 256Mi, ephemeral-storage: 64Mi}\n            limits: {cpu: 200m, memory: 256Mi, ephemeral-storage: 64Mi}\n          securityContext:\n            allowPrivilegeEscalation: false\n            readOnlyRootFilesystem: true\n            capabilities: {drop: [ALL]}\n")},

	{"R01", "neither requests nor limits", rules("requests-missing"), one(deployment, resources, "")},
	{"R02", "a memory limit below the request", rules("api-invalid"), one(deployment, "            limits:\n              cpu: 500m\n              memory: 512Mi\n", "            limits:\n              cpu: 500m\n              memory: 256Mi\n")},
	{"R03", "memory: 512m is millibytes", rules("quantity-millibytes"), one(deployment, resources, "          resources:\n            requests:\n              cpu: 500m\n              memory: 512m\n              ephemeral-storage: 256Mi\n            limits:\n              cpu: 500m\n              memory: 512m\n              ephemeral-storage: 256Mi\n")},
	{"R04", "cpu: 200 is two hundred cores", rules("cpu-request-unit-slip"), one(deployment, resources, "          resources:\n            requests:\n              cpu: 200\n              memory: 512Mi\n              ephemeral-storage: 256Mi\n            limits:\n              cpu: 200\n              memory: 512Mi\n              ephemeral-storage: 256Mi\n")},
	{"R05", "a memory limit of sixteen times the request", rules("limit-request-ratio"), one(deployment, "            limits:\n              cpu: 500m\n              memory: 512Mi\n", "            limits:\n              cpu: 500m\n              memory: 8Gi\n")},
	{"R06", "an invalid quantity, 1GB", rules("api-invalid", "api-wrong-type"), one(deployment, "            limits:\n              cpu: 500m\n              memory: 512Mi\n", "            limits:\n              cpu: 500m\n              memory: 1GB\n")},

	{"I01", "an image with the tag latest", rules("image-tag-latest"), one(deployment, image, "registry.example.com/shop/checkout:latest")},
	{"I02", "an image without a digest", rules("image-digest-missing"), one(deployment, image, "registry.example.com/shop/checkout:1.8.2")},
	{"I03", "imagePullPolicy Never", rules("image-pull-policy-never"), one(deployment, image+"\n          imagePullPolicy: Always\n", image+"\n          imagePullPolicy: Never\n")},
	{"I04", "a malformed image reference", rules("image-reference-malformed"), one(deployment, image, "registry.example.com/shop/Checkout::1.8.2")},

	{"K01", "a privileged container", rules("privileged-container"), one(deployment, appSec, resources+"          securityContext:\n            privileged: true\n            readOnlyRootFilesystem: true\n            capabilities:\n              drop: [ALL]\n")},
	{"K02", "runs as root", rules("run-as-root"), one(deployment, "        runAsNonRoot: true\n        runAsUser: 10001\n        runAsGroup: 10001\n", "        runAsUser: 0\n")},
	{"K03", "adds SYS_ADMIN", rules("capability-dangerous"), one(deployment, appSec, appSec+"              add: [SYS_ADMIN]\n")},
	{"K04", "hostNetwork", rules("host-network"), one(deployment, "      serviceAccountName: checkout\n", "      serviceAccountName: checkout\n      hostNetwork: true\n")},
	{"K05", "the API token is mounted", rules("service-account-token-mounted"), []edit{{deployment, "      automountServiceAccountToken: false\n", ""}, {config, "automountServiceAccountToken: false\n", "automountServiceAccountToken: true\n"}}},
	{"K06", "no seccomp profile", rules("seccomp-missing"), one(deployment, podSec, "        fsGroup: 10001\n      topologySpreadConstraints:")},
	{"K07", "seccomp Unconfined", rules("seccomp-unconfined"), one(deployment, podSec, "        fsGroup: 10001\n        seccompProfile:\n          type: Unconfined\n      topologySpreadConstraints:")},
	{"K08", "hostPort", rules("host-port"), one(deployment, "              containerPort: 8080\n", "              containerPort: 8080\n              hostPort: 8080\n")},
	{"K09", "shareProcessNamespace", rules("share-process-namespace"), one(deployment, "      serviceAccountName: checkout\n", "      serviceAccountName: checkout\n      shareProcessNamespace: true\n")},
	{"K10", "a writable root filesystem", rules("root-filesystem-writable"), one(deployment, appSec, resources+"          securityContext:\n            allowPrivilegeEscalation: false\n            capabilities:\n              drop: [ALL]\n")},
	{"K11", "a privileged init container", rules("privileged-container"), one(deployment, "            limits: {cpu: 100m, memory: 128Mi, ephemeral-storage: 64Mi}\n          securityContext:\n            allowPrivilegeEscalation: false\n", "            limits: {cpu: 100m, memory: 128Mi, ephemeral-storage: 64Mi}\n          securityContext:\n            privileged: true\n")},

	{"B01", "bound to cluster-admin", rules("rbac-cluster-admin"), one(config, "", "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: checkout\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: cluster-admin\nsubjects:\n  - kind: ServiceAccount\n    name: checkout\n    namespace: shop\n")},
	{"B02", "a Role with wildcards", rules("rbac-wildcard"), one(config, "", role("[\"*\"]", "[\"*\"]"))},
	{"B03", "a RoleBinding to a Role that does not exist", rules("rbac-role-missing"), one(config, "", binding("checkout-reader"))},
	{"B04", "a ServiceAccount that does not exist", rules("service-account-missing"), one(deployment, "serviceAccountName: checkout", "serviceAccountName: checkout-api")},
	{"B05", "a Role that may escalate", rules("rbac-escalation"), one(config, "", role("[roles]", "[escalate, bind]"))},

	{"X01", "an unknown field", rules("api-unknown-field"), one(database, "  replicas: 3\n", "  replica: 3\n")},
	{"X02", "a number in quotes", rules("api-wrong-type"), one(database, "  replicas: 3\n", "  replicas: \"3\"\n")},
	{"X03", "a removed API version", rules("api-removed"), one(availability, "policy/v1\n", "policy/v1beta1\n")},
	{"X04", "a selector that does not match the template's labels", rules("api-invalid"), one(deployment, "  selector:\n    matchLabels:\n      app.kubernetes.io/name: checkout\n", "  selector:\n    matchLabels:\n      app.kubernetes.io/name: check-out\n")},
	{"X05", "a duplicate key", rules("yaml-duplicate-key"), one(service, "  type: ClusterIP\n", "  type: ClusterIP\n  type: ClusterIP\n")},
	{"X06", "fields at the wrong level", rules("api-unknown-field"), one(deployment, appSec, resources+"          allowPrivilegeEscalation: false\n          readOnlyRootFilesystem: true\n")},
	{"X07", "an invalid object name", rules("api-invalid"), one(service, "  name: checkout\n  namespace: shop\n  labels:", "  name: Checkout_API\n  namespace: shop\n  labels:")},
	{"X08", "the same object twice", rules("object-duplicate"), one(service, "", "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: checkout\n  namespace: shop\n  labels:\n    app.kubernetes.io/name: checkout\nspec:\n  type: ClusterIP\n  selector:\n    app.kubernetes.io/name: checkout\n  ports:\n    - name: http\n      port: 8080\n      targetPort: http\n      appProtocol: http\n")},
	{"X09", "workload and Service in different namespaces", rules("namespace-mismatch"), one(service, "  namespace: shop\n", "  namespace: store\n")},
	{"X10", "a required field is missing", rules("api-required-missing"), one(deployment, "        - name: app\n          image:", "        - image:")},
	{"X11", "a value in the wrong case", rules("api-unsupported-value"), one(deployment, image+"\n          imagePullPolicy: Always\n", image+"\n          imagePullPolicy: always\n")},
	{"X12", "the default namespace", rules("namespace-default"), one(service, "  namespace: shop\n", "  namespace: default\n")},
}

func role(resources, verbs string) string {
	return "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: checkout\n  namespace: shop\nrules:\n  - apiGroups: [rbac.authorization.k8s.io]\n    resources: " + resources + "\n    verbs: " + verbs + "\n" + binding("checkout")
}

func binding(role string) string {
	return "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: checkout\n  namespace: shop\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: " + role + "\nsubjects:\n  - kind: ServiceAccount\n    name: checkout\n    namespace: shop\n"
}
