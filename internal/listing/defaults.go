package listing

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// defaults are the values that Kubernetes fills in (k8s.io/kubernetes pkg/apis/*/v1/defaults.go, v1.36.3), as JSON, by the mapping they
// stand in and their key. Fields whose default follows from others are in isDefault.
var defaults = map[string]string{
	"pod.restartPolicy":                                `"Always"`,
	"pod.dnsPolicy":                                    `"ClusterFirst"`,
	"pod.schedulerName":                                `"default-scheduler"`,
	"pod.terminationGracePeriodSeconds":                `30`,
	"pod.securityContext":                              `{}`,
	"containers.terminationMessagePath":                `"/dev/termination-log"`,
	"containers.terminationMessagePolicy":              `"File"`,
	"containers.resources":                             `{}`,
	"ports.protocol":                                   `"TCP"`,
	"fieldRef.apiVersion":                              `"v1"`,
	"probe.timeoutSeconds":                             `1`,
	"probe.periodSeconds":                              `10`,
	"probe.successThreshold":                           `1`,
	"probe.failureThreshold":                           `3`,
	"httpGet.scheme":                                   `"HTTP"`,
	"grpc.service":                                     `""`,
	"volume.configMap.defaultMode":                     `420`,
	"volume.secret.defaultMode":                        `420`,
	"volume.projected.defaultMode":                     `420`,
	"volume.downwardAPI.defaultMode":                   `420`,
	"volume.hostPath.type":                             `""`,
	"serviceAccountToken.expirationSeconds":            `3600`,
	"Deployment.spec.replicas":                         `1`,
	"Deployment.spec.revisionHistoryLimit":             `10`,
	"Deployment.spec.progressDeadlineSeconds":          `600`,
	"strategy.type":                                    `"RollingUpdate"`,
	"rollingUpdate.maxSurge":                           `"25%"`, // of a DaemonSet it is 0: isDefault
	"rollingUpdate.maxUnavailable":                     `"25%"`,
	"rollingUpdate.partition":                          `0`,
	"updateStrategy.type":                              `"RollingUpdate"`,
	"StatefulSet.spec.replicas":                        `1`,
	"StatefulSet.spec.revisionHistoryLimit":            `10`,
	"StatefulSet.spec.podManagementPolicy":             `"OrderedReady"`,
	"persistentVolumeClaimRetentionPolicy.whenDeleted": `"Retain"`,
	"persistentVolumeClaimRetentionPolicy.whenScaled":  `"Retain"`,
	"claim.apiVersion":                                 `"v1"`,
	"claim.kind":                                       `"PersistentVolumeClaim"`,
	"PersistentVolumeClaim.spec.volumeMode":            `"Filesystem"`,
	"DaemonSet.spec.revisionHistoryLimit":              `10`,
	"ReplicaSet.spec.replicas":                         `1`,
	"ReplicationController.spec.replicas":              `1`,
	"Job.spec.completions":                             `1`,
	"Job.spec.parallelism":                             `1`,
	"Job.spec.backoffLimit":                            `6`,
	"Job.spec.completionMode":                          `"NonIndexed"`,
	"Job.spec.suspend":                                 `false`,
	"Job.spec.manualSelector":                          `false`,
	"Job.spec.podReplacementPolicy":                    `"TerminatingOrFailed"`,
	"CronJob.spec.concurrencyPolicy":                   `"Allow"`,
	"CronJob.spec.suspend":                             `false`,
	"CronJob.spec.successfulJobsHistoryLimit":          `3`,
	"CronJob.spec.failedJobsHistoryLimit":              `1`,
	"Service.spec.type":                                `"ClusterIP"`,
	"Service.spec.ports.protocol":                      `"TCP"`,
	"Service.spec.sessionAffinity":                     `"None"`,
	"Service.spec.sessionAffinityConfig":               `{"clientIP":{"timeoutSeconds":10800}}`,
	"Service.spec.internalTrafficPolicy":               `"Cluster"`,
	"Service.spec.externalTrafficPolicy":               `"Cluster"`,
	"Service.spec.allocateLoadBalancerNodePorts":       `true`,
	"NetworkPolicy.rule.ports.protocol":                `"TCP"`,
	"HorizontalPodAutoscaler.spec.minReplicas":         `1`,
	"StorageClass.volumeBindingMode":                   `"Immediate"`,
	"StorageClass.reclaimPolicy":                       `"Delete"`,
	"Secret.type":                                      `"Opaque"`,
	"Namespace.spec.finalizers":                        `["kubernetes"]`,
	"PriorityClass.preemptionPolicy":                   `"PreemptLowerPriority"`,
	"PriorityClass.globalDefault":                      `false`,
}

// allocated are fields that the API server chooses when nobody does.
var allocated = map[string]bool{
	"Service.spec.clusterIPs":               true,
	"Service.spec.ipFamilies":               true,
	"Service.spec.ipFamilyPolicy":           true,
	"Service.spec.healthCheckNodePort":      true,
	"Service.spec.ports.nodePort":           true,
	"PersistentVolumeClaim.spec.volumeName": true,
	"ServiceAccount.secrets":                true,
}

// isDefault reports whether the API server would fill in a field of mapping n just so.
func (w *writer) isDefault(within, key string, value, n source.Node) bool {
	name := within + "." + key
	if d, ok := defaults[name]; ok {
		if w.kind == "DaemonSet" && within == "rollingUpdate" {
			d = map[string]string{"maxSurge": `0`, "maxUnavailable": `1`}[key]
		}
		if value.Raw() == d {
			return true
		}
	}
	if allocated[name] {
		return true
	}
	switch name {
	case "Deployment.spec.replicas", "StatefulSet.spec.replicas":
		// Whoever applied the rest left this to an autoscaler.
		return w.tracked
	case "containers.imagePullPolicy":
		return value.Text() == pullPolicy(n.Get("image").Text())
	case "pod.serviceAccount": // the old name of the field is kept equal to the new one
		return value.Text() == n.Get("serviceAccountName").Text()
	case "Service.spec.ports.targetPort":
		return value.Text() == n.Get("port").Text()
	case "Service.spec.clusterIP":
		return value.Text() != "None"
	case "NetworkPolicy.spec.policyTypes":
		// Ingress always, Egress when there are rules for it.
		want := `["Ingress"]`
		if n.Get("egress").Len() > 0 {
			want = `["Ingress","Egress"]`
		}
		return value.Raw() == want
	}
	if w.kind == "Job" {
		return w.jobDefault(within, key)
	}
	if w.kind == "Pod" && within == "pod" {
		return podDefault(key, value)
	}
	return false
}

// jobDefault knows the selector and the labels that the API server gives to a Job that has no selector of its own.
func (w *writer) jobDefault(within, key string) bool {
	if within == "Job.spec" && key == "selector" {
		return true
	}
	if within != "labels" {
		return false
	}
	switch key {
	case "controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name":
		return true
	}
	return false
}

// podDefault knows what admission and the scheduler add to a pod.
func podDefault(key string, value source.Node) bool {
	switch key {
	case "nodeName", "priority":
		return true
	case "enableServiceLinks":
		return value.Raw() == "true"
	case "preemptionPolicy":
		return value.Text() == "PreemptLowerPriority"
	case "serviceAccountName":
		return value.Text() == "default"
	case "tolerations":
		for _, t := range value.Items() {
			if k := t.Get("key").Text(); k != "node.kubernetes.io/not-ready" && k != "node.kubernetes.io/unreachable" {
				return false
			}
		}
		return true
	}
	return false
}

// pullPolicy is the default for an image: Always for what may change under its name
// (k8s.io/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Container).
func pullPolicy(image string) string {
	if strings.Contains(image, "@") {
		return "IfNotPresent"
	}
	name := image[strings.LastIndexByte(image, '/')+1:]
	if _, tag, ok := strings.Cut(name, ":"); ok && tag != "latest" {
		return "IfNotPresent"
	}
	return "Always"
}
