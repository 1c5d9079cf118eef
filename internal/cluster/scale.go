package cluster

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
)

// CPUTarget is the use of the CPU request, in percent, that a metric of an autoscaler aims at; 0 when it is about something else.
func CPUTarget(m *autoscalingv2.MetricSpec) int {
	switch {
	case m.Resource != nil && m.Resource.Name == corev1.ResourceCPU && m.Resource.Target.AverageUtilization != nil:
		return int(*m.Resource.Target.AverageUtilization)
	case m.ContainerResource != nil && m.ContainerResource.Name == corev1.ResourceCPU && m.ContainerResource.Target.AverageUtilization != nil:
		return int(*m.ContainerResource.Target.AverageUtilization)
	}
	return 0
}
