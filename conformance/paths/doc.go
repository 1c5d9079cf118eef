// Package paths proves golden paths on a real Kubernetes: what fairway new writes is what an API server takes as it is, and what a
// node runs.
//
// Dry runs need a control plane: every path of Fairway's catalogue and of the example of an organisation's, with every service of
// their tests, its base and each of its clouds. The other tests need a node: each shape runs a sample application, sampleapp.
//
// What is not checked here: whether packets are stopped as the network policies say (nothing enforces them on the testbed), and what
// a HorizontalPodAutoscaler or KEDA decides (there are no metrics and no KEDA). The API server checks their objects.
package paths
