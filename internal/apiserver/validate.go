package apiserver

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/persistentvolume"
	"k8s.io/kubernetes/pkg/api/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/apps"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	autoscalingvalidation "k8s.io/kubernetes/pkg/apis/autoscaling/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/certificates"
	certificatesvalidation "k8s.io/kubernetes/pkg/apis/certificates/validation"
	"k8s.io/kubernetes/pkg/apis/coordination"
	coordinationvalidation "k8s.io/kubernetes/pkg/apis/coordination/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/discovery"
	discoveryvalidation "k8s.io/kubernetes/pkg/apis/discovery/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/node"
	nodevalidation "k8s.io/kubernetes/pkg/apis/node/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"k8s.io/kubernetes/pkg/apis/rbac"
	rbacvalidation "k8s.io/kubernetes/pkg/apis/rbac/validation"
	"k8s.io/kubernetes/pkg/apis/scheduling"
	schedulingvalidation "k8s.io/kubernetes/pkg/apis/scheduling/validation"
	"k8s.io/kubernetes/pkg/apis/storage"
	storagevalidation "k8s.io/kubernetes/pkg/apis/storage/validation"
	volumevalidation "k8s.io/kubernetes/pkg/volume/validation"
)

// validate does to an internal object what the registry of its kind (k8s.io/kubernetes/pkg/registry/*/*/strategy.go, v1.36)
// does when one is created: clear what users may not set, then validate. The object is changed. Gates have their default
// values; declarative validation is left out, as it decides about no kind that is served by default in this version.
func validate(obj runtime.Object, gv schema.GroupVersion) field.ErrorList {
	switch o := obj.(type) {
	case *core.Pod:
		o.Status = core.PodStatus{Phase: core.PodPending}
		pod.DropDisabledPodFields(o, nil)
		opts := pod.GetValidationOptionsFromPodSpecAndMeta(&o.Spec, nil, &o.ObjectMeta, nil)
		opts.ResourceIsPod = true
		return validation.ValidatePodCreate(o, opts)
	case *core.PodTemplate:
		return validation.ValidatePodTemplate(o, templateOptions(&o.Template))
	case *core.ReplicationController:
		o.Status = core.ReplicationControllerStatus{}
		return validation.ValidateReplicationController(o, templateOptions(o.Spec.Template))
	case *core.Service:
		o.Status = core.ServiceStatus{}
		allocate(o)
		return validation.ValidateServiceCreate(o)
	case *core.ConfigMap:
		return validation.ValidateConfigMap(o)
	case *core.Secret:
		return validation.ValidateSecret(o)
	case *core.ServiceAccount:
		return validation.ValidateServiceAccount(o)
	case *core.Namespace:
		o.Status = core.NamespaceStatus{Phase: core.NamespaceActive}
		return validation.ValidateNamespace(o)
	case *core.LimitRange:
		return validation.ValidateLimitRange(o)
	case *core.ResourceQuota:
		o.Status = core.ResourceQuotaStatus{}
		return validation.ValidateResourceQuota(o)
	case *core.Endpoints:
		return validation.ValidateEndpointsCreate(o)
	case *core.Event:
		return validation.ValidateEventCreate(o, gv)
	case *core.Node:
		return validation.ValidateNode(o)
	case *core.PersistentVolume:
		o.Status = core.PersistentVolumeStatus{Phase: core.VolumePending}
		persistentvolume.DropDisabledSpecFields(&o.Spec, nil)
		errs := validation.ValidatePersistentVolume(o, validation.ValidationOptionsForPersistentVolume(o, nil))
		return append(errs, volumevalidation.ValidatePersistentVolume(o)...)
	case *core.PersistentVolumeClaim:
		o.Status = core.PersistentVolumeClaimStatus{}
		persistentvolumeclaim.DropDisabledFields(&o.Spec, nil)
		persistentvolumeclaim.EnforceDataSourceBackwardsCompatibility(&o.Spec, nil)
		persistentvolumeclaim.NormalizeDataSources(&o.Spec)
		return validation.ValidatePersistentVolumeClaim(o, validation.ValidationOptionsForPersistentVolumeClaim(o, nil))

	case *apps.Deployment:
		o.Status = apps.DeploymentStatus{}
		return appsvalidation.ValidateDeployment(o, templateOptions(&o.Spec.Template))
	case *apps.ReplicaSet:
		o.Status = apps.ReplicaSetStatus{}
		return appsvalidation.ValidateReplicaSet(o, templateOptions(&o.Spec.Template))
	case *apps.DaemonSet:
		o.Status = apps.DaemonSetStatus{}
		o.Spec.TemplateGeneration = max(o.Spec.TemplateGeneration, 1)
		return appsvalidation.ValidateDaemonSet(o, templateOptions(&o.Spec.Template))
	case *apps.StatefulSet:
		o.Status = apps.StatefulSetStatus{}
		return appsvalidation.ValidateStatefulSet(o, templateOptions(&o.Spec.Template))
	case *apps.ControllerRevision:
		return appsvalidation.ValidateControllerRevisionCreate(o)

	case *batch.Job:
		o.Status = batch.JobStatus{}
		generateSelector(o)
		return batchvalidation.ValidateJob(o, batchvalidation.JobValidationOptions{
			PodValidationOptions:  templateOptions(&o.Spec.Template),
			RequirePrefixedLabels: true,
		})
	case *batch.CronJob:
		o.Status = batch.CronJobStatus{}
		return batchvalidation.ValidateCronJobCreate(o, templateOptions(&o.Spec.JobTemplate.Spec.Template))

	case *autoscaling.HorizontalPodAutoscaler:
		o.Status = autoscaling.HorizontalPodAutoscalerStatus{}
		opts := autoscalingvalidation.HorizontalPodAutoscalerSpecValidationOptions{
			MinReplicasLowerBound: 1,
			ScaleTargetRefValidationOptions: autoscalingvalidation.CrossVersionObjectReferenceValidationOptions{
				AllowEmptyAPIGroup: o.Spec.ScaleTargetRef.Kind == "ReplicationController",
			},
			ObjectMetricsValidationOptions: autoscalingvalidation.CrossVersionObjectReferenceValidationOptions{AllowEmptyAPIGroup: true},
		}
		return autoscalingvalidation.ValidateHorizontalPodAutoscaler(o, opts)

	case *policy.PodDisruptionBudget:
		o.Status = policy.PodDisruptionBudgetStatus{}
		return policyvalidation.ValidatePodDisruptionBudget(o, policyvalidation.PodDisruptionBudgetValidationOptions{})

	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(o, networkingvalidation.ValidationOptionsForNetworking(o, nil))
	case *networking.Ingress:
		o.Status = networking.IngressStatus{}
		return networkingvalidation.ValidateIngressCreate(o)
	case *networking.IngressClass:
		return networkingvalidation.ValidateIngressClass(o)
	case *networking.IPAddress:
		return networkingvalidation.ValidateIPAddress(o)
	case *networking.ServiceCIDR:
		return networkingvalidation.ValidateServiceCIDR(o)

	case *rbac.Role:
		return rbacvalidation.ValidateRole(o)
	case *rbac.ClusterRole:
		return rbacvalidation.ValidateClusterRole(o, rbacvalidation.ClusterRoleValidationOptions{})
	case *rbac.RoleBinding:
		return rbacvalidation.ValidateRoleBinding(o)
	case *rbac.ClusterRoleBinding:
		return rbacvalidation.ValidateClusterRoleBinding(o)

	case *storage.StorageClass:
		return storagevalidation.ValidateStorageClass(o)
	case *storage.CSIDriver:
		return storagevalidation.ValidateCSIDriver(o)
	case *storage.CSINode:
		return storagevalidation.ValidateCSINode(o)
	case *storage.CSIStorageCapacity:
		return storagevalidation.ValidateCSIStorageCapacity(o, storagevalidation.CSIStorageCapacityValidateOptions{})
	case *storage.VolumeAttachment:
		o.Status = storage.VolumeAttachmentStatus{}
		return storagevalidation.ValidateVolumeAttachment(o)
	case *storage.VolumeAttributesClass:
		return storagevalidation.ValidateVolumeAttributesClass(o)

	case *discovery.EndpointSlice:
		return discoveryvalidation.ValidateEndpointSliceCreate(o)
	case *scheduling.PriorityClass:
		return schedulingvalidation.ValidatePriorityClass(o)
	case *coordination.Lease:
		return coordinationvalidation.ValidateLease(o)
	case *coordination.LeaseCandidate:
		return coordinationvalidation.ValidateLeaseCandidate(o)
	case *certificates.CertificateSigningRequest:
		o.Status = certificates.CertificateSigningRequestStatus{}
		return certificatesvalidation.ValidateCertificateSigningRequestCreate(o)
	case *certificates.ClusterTrustBundle:
		return certificatesvalidation.ValidateClusterTrustBundle(o, certificatesvalidation.ValidateClusterTrustBundleOptions{})
	case *node.RuntimeClass:
		return nodevalidation.ValidateRuntimeClass(o)
	}
	return nil
}

// templateOptions prepares a new pod template and returns the options it is validated with.
func templateOptions(t *core.PodTemplateSpec) validation.PodValidationOptions {
	pod.DropDisabledTemplateFields(t, nil)
	return pod.GetValidationOptionsFromPodTemplate(t, nil)
}

// allocate gives a Service what its storage gives it before validation (k8s.io/kubernetes/pkg/registry/core/service/storage):
// cluster IPs in both spellings, and a health check port.
func allocate(s *core.Service) {
	if len(s.Spec.ClusterIPs) == 0 && s.Spec.ClusterIP != "" {
		s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	}
	if s.Spec.HealthCheckNodePort == 0 && s.Spec.Type == core.ServiceTypeLoadBalancer && s.Spec.ExternalTrafficPolicy == core.ServiceExternalTrafficPolicyLocal {
		s.Spec.HealthCheckNodePort = 32000
	}
}

// generateSelector gives a Job the selector and pod labels that the registry gives it when manualSelector is not set.
func generateSelector(job *batch.Job) {
	if job.Spec.ManualSelector != nil && *job.Spec.ManualSelector {
		return
	}
	uid := string(job.UID)
	labels := map[string]string{
		batch.LegacyJobNameLabel: job.Name, batch.JobNameLabel: job.Name,
		batch.LegacyControllerUidLabel: uid, batch.ControllerUidLabel: uid,
	}
	maps.Copy(labels, job.Spec.Template.Labels)
	job.Spec.Template.Labels = labels
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{batch.ControllerUidLabel: uid}}
	if given := job.Spec.Selector; given != nil {
		maps.Copy(selector.MatchLabels, given.MatchLabels)
		selector.MatchExpressions = given.MatchExpressions
	}
	job.Spec.Selector = selector
}
