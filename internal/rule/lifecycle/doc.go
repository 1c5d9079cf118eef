// Package lifecycle holds the rules about how a pod ends: what runs before it is told to stop, and how long it may take.
//
// # What happens
//
// When a pod is deleted, two things start at the same time: its address is taken out of the Services' endpoints, which proxies and
// clients learn of some seconds later, and the kubelet ends its containers. For each container the kubelet runs the preStop hook,
// then sends SIGTERM, and when terminationGracePeriodSeconds are over since the beginning, SIGKILL. The hook spends the same
// seconds; when it has spent all, the process gets 2 s (kubelet, kuberuntime_container.go, minimumGracePeriodInSeconds).
//
// # Words
//
//	pause   how long a preStop hook surely sleeps: the sleep action, or a command that begins with sleep
//	grace   terminationGracePeriodSeconds, 30 when the manifest does not say
package lifecycle
