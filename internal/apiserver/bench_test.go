package apiserver

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/testkit/cputime"
)

// application writes the manifests of one application: 13 objects.
func application(b *bytes.Buffer, name string) {
	fmt.Fprintf(b, `apiVersion: apps/v1
kind: Deployment
metadata:
  name: %[1]s
  namespace: shop
  labels: {app.kubernetes.io/name: %[1]s, app.kubernetes.io/part-of: shop}
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: %[1]s
  template:
    metadata:
      labels:
        app.kubernetes.io/name: %[1]s
        app.kubernetes.io/part-of: shop
    spec:
      serviceAccountName: %[1]s
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 45
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile: {type: RuntimeDefault}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {app.kubernetes.io/name: %[1]s}
      containers:
        - name: app
          image: registry.example.com/shop/%[1]s:1.4.2
          ports:
            - {name: http, containerPort: 8080}
          env:
            - name: LOG_LEVEL
              value: info
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef: {name: %[1]s, key: password}
          envFrom:
            - configMapRef: {name: %[1]s}
          resources:
            requests: {cpu: 100m, memory: 256Mi}
            limits: {memory: 256Mi}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          startupProbe:
            httpGet: {path: /started, port: http}
            failureThreshold: 30
          readinessProbe:
            httpGet: {path: /ready, port: http}
          livenessProbe:
            httpGet: {path: /live, port: http}
            periodSeconds: 20
          lifecycle:
            preStop: {sleep: {seconds: 10}}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            - {name: config, mountPath: /etc/app, readOnly: true}
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
        - name: config
          configMap: {name: %[1]s}
---
apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: shop}
spec:
  selector: {app.kubernetes.io/name: %[1]s}
  ports:
    - {name: http, port: 80, targetPort: http}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: %[1]s, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %[1]s}
  minReplicas: 3
  maxReplicas: 10
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: 70}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: %[1]s, namespace: shop}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app.kubernetes.io/name: %[1]s}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %[1]s, namespace: shop}
spec:
  podSelector:
    matchLabels: {app.kubernetes.io/name: %[1]s}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - namespaceSelector: {}
      ports:
        - {port: http, protocol: TCP}
  egress:
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
      ports:
        - {port: 53, protocol: UDP}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %[1]s, namespace: shop}
spec:
  rules:
    - host: %[1]s.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: %[1]s, port: {name: http}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: %[1]s, namespace: shop}
data:
  app.properties: |
    server.port=8080
    cache.size=100
  LOG_LEVEL: info
---
apiVersion: v1
kind: Secret
metadata: {name: %[1]s, namespace: shop}
type: Opaque
stringData: {password: change-me}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: %[1]s, namespace: shop}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: %[1]s, namespace: shop}
rules:
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: %[1]s}
subjects:
  - {kind: ServiceAccount, name: %[1]s, namespace: shop}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: %[1]s-report, namespace: shop}
spec:
  schedule: "15 4 * * *"
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      activeDeadlineSeconds: 3600
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: report
              image: registry.example.com/shop/report:1.4.2
              resources:
                requests: {cpu: 100m, memory: 128Mi}
                limits: {memory: 128Mi}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: %[1]s-store, namespace: shop}
spec:
  serviceName: %[1]s-store
  replicas: 3
  selector:
    matchLabels: {app.kubernetes.io/name: %[1]s-store}
  template:
    metadata:
      labels: {app.kubernetes.io/name: %[1]s-store}
    spec:
      containers:
        - name: store
          image: registry.example.com/shop/store:7.2.4
          ports:
            - {name: redis, containerPort: 6379}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 128Mi}
          volumeMounts:
            - {name: data, mountPath: /data}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 10Gi}}
---
`, name)
}

// roots returns the roots of n objects.
func roots(tb testing.TB, n int) []source.Node {
	var b bytes.Buffer
	for i := 0; i < n; i += 13 {
		application(&b, fmt.Sprintf("web-%d", i))
	}
	var out []source.Node
	for _, d := range source.Parse("apps.yaml", b.Bytes()).Docs {
		if d.Err != nil {
			tb.Fatal(d.Err.Position, d.Err)
		}
		if !d.Root.IsZero() && len(out) < n {
			out = append(out, d.Root)
		}
	}
	return out
}

// TestGoodBundle holds the manifests that the benchmarks use against the API server's code: it takes them all.
func TestGoodBundle(t *testing.T) {
	for _, root := range roots(t, 13) {
		r := Check(root, Options{})
		if r.Status != Checked || r.Object == nil || len(r.Problems) > 0 {
			t.Errorf("%s: %v %+v", root.Get("kind").Text(), r.Status, r.Problems)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{1000, 12000} {
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			objects := roots(b, n)
			b.ReportAllocs()
			before := cputime.Used()
			for b.Loop() {
				for _, root := range objects {
					Check(root, Options{})
				}
			}
			// The wall clock says little on a machine that is shared.
			b.ReportMetric(float64(cputime.Used()-before)/float64(b.N*n), "cpu-ns/object")
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "objects/s")
		})
	}
}

// BenchmarkStages times what is done to 1000 objects one after the other.
func BenchmarkStages(b *testing.B) {
	objects := roots(b, 1000)
	kinds := make([]*kind, len(objects))
	typed := make([]runtime.Object, len(objects))
	decode := func() {
		for i, root := range objects {
			v := reflect.New(kinds[i].typ)
			var d decoder
			d.decode(root, kinds[i].plan(), v.UnsafePointer())
			typed[i] = v.Interface().(runtime.Object)
		}
	}
	b.Run("identify", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i, root := range objects {
				name, _ := nameOf(root)
				kinds[i], _, _ = identify(root, name, Options{})
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			decode()
		}
	})
	b.Run("default", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			decode()
			b.StartTimer()
			for _, o := range typed {
				scheme().Default(o)
			}
		}
	})
	internal := make([]runtime.Object, len(objects))
	convert := func() {
		for i, o := range typed {
			internal[i], _ = scheme().UnsafeConvertToVersion(o, runtime.InternalGroupVersioner)
		}
	}
	b.Run("convert", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			convert()
		}
	})
	b.Run("validate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			convert()
			for i, o := range internal {
				complete(o.(metav1.Object), kinds[i])
			}
			b.StartTimer()
			for i, o := range internal {
				if errs := validate(o, kinds[i].gvk.GroupVersion()); len(errs) > 0 {
					b.Fatal(errs)
				}
			}
		}
	})
}
