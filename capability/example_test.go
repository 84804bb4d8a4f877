package capability_test

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/edgewise-ai/edgewise/capability"
)

// A handler decodes what the page says about itself and clamps it before
// anything reads it. What the page left out stays unknown, and unknown rules
// nothing out.
func Example() {
	body := `{
		"isMobile": true,
		"gpuTier": "high",
		"estimatedAvailableRAMGB": 2.5,
		"storageQuotaMB": 1e300,
		"gpu": {"features": ["shader-f16"]}
	}`

	var device capability.Device
	if err := json.Unmarshal([]byte(body), &device); err != nil {
		log.Fatal(err)
	}
	device.Clamp()

	fmt.Println("tier:", device.Tier())
	fmt.Println("memory:", int64(device.AvailableRAM), "MiB")
	fmt.Println("quota:", device.StorageQuotaMB == capability.MaxCount)
	fmt.Println("half precision:", device.HasGPUFeature("shader-f16"))
	fmt.Println("WebLLM:", device.HasEngine("webllm"))
	// Output:
	// tier: mobile
	// memory: 2560 MiB
	// quota: true
	// half precision: true
	// WebLLM: true
}
