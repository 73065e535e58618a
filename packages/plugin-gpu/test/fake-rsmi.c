/*
 * A stand-in for librocm_smi64.so with two GPUs, declared as in rocm_smi.h: of ROCm 6, or of ROCm 5 with -DROCM5. GPU 1
 * has no memory sensor, no energy counter and no PCIe counters, and no current memory clock.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef enum { SUCCESS = 0, INVALID_ARGS = 1, NOT_SUPPORTED = 2, INIT_ERROR = 8 } rsmi_status_t;
typedef struct {
#ifndef ROCM5
	bool has_deep_sleep;
#endif
	uint32_t num_supported;
	uint32_t current;
#ifndef ROCM5
	uint64_t frequency[33];
#else
	uint64_t frequency[32];
#endif
} rsmi_frequencies_t;

static uint32_t count = 2;
static rsmi_status_t init_result = SUCCESS;
static int sessions;

void fake_init(int result, uint32_t gpus) { init_result = result; count = gpus; }
int fake_sessions(void) { return sessions; }

rsmi_status_t rsmi_init(uint64_t flags) { sessions += init_result == SUCCESS; return flags ? INVALID_ARGS : init_result; }
rsmi_status_t rsmi_shut_down(void) { sessions--; return SUCCESS; }
rsmi_status_t rsmi_num_monitor_devices(uint32_t *n) { *n = count; return SUCCESS; }

rsmi_status_t rsmi_dev_memory_total_get(uint32_t d, int type, uint64_t *bytes)
{
	*bytes = 64ull << 30;
	return type ? INVALID_ARGS : SUCCESS;
}

rsmi_status_t rsmi_dev_memory_usage_get(uint32_t d, int type, uint64_t *bytes)
{
	*bytes = (4ull << 30) + d;
	return type ? INVALID_ARGS : SUCCESS;
}

rsmi_status_t rsmi_dev_pci_throughput_get(uint32_t d, uint64_t *sent, uint64_t *received, uint64_t *max_pkt_sz)
{
	if (d == 1)
		return NOT_SUPPORTED;
	*sent = 1000;
	*received = 3000;
	*max_pkt_sz = 256;
	return SUCCESS;
}

#ifndef ROCM5
rsmi_status_t rsmi_dev_power_get(uint32_t d, uint64_t *power, int *type)
{
	*power = 123456789 + d * 1000;
	*type = 1;
	return SUCCESS;
}
#endif

rsmi_status_t rsmi_dev_power_ave_get(uint32_t d, uint32_t sensor, uint64_t *power)
{
	*power = 100000000;
	return sensor ? INVALID_ARGS : SUCCESS;
}

rsmi_status_t rsmi_dev_energy_count_get(uint32_t d, uint64_t *energy, float *resolution, uint64_t *timestamp)
{
	if (d == 1)
		return NOT_SUPPORTED;
	*energy = 1000000;
	*resolution = 15.5f;
	*timestamp = 1;
	return SUCCESS;
}

rsmi_status_t rsmi_dev_temp_metric_get(uint32_t d, uint32_t sensor, int metric, int64_t *value)
{
	if (metric)
		return INVALID_ARGS;
	if (d == 1 && sensor == 2)
		return NOT_SUPPORTED;
	*value = d == 1 && sensor == 0 ? -5000 : 40600 + (int64_t)sensor * 10000;
	return SUCCESS;
}

rsmi_status_t rsmi_dev_gpu_clk_freq_get(uint32_t d, int type, rsmi_frequencies_t *f)
{
	memset(f, 0, sizeof(*f));
	/* RSMI_CLK_TYPE_SYS = 0, RSMI_CLK_TYPE_MEM = 4 */
	if (type == 0) {
		f->num_supported = 3;
		f->current = 1;
		f->frequency[0] = d ? 0 : 500000000;
		f->frequency[1] = 1700000000ull + d;
		f->frequency[2] = 5000000000ull;
	} else if (type == 4) {
		f->num_supported = 1;
		f->current = d ? 34 : 0;
		f->frequency[0] = 1200000000;
#ifndef ROCM5
		f->has_deep_sleep = true;
#endif
	} else {
		return INVALID_ARGS;
	}
	return SUCCESS;
}

rsmi_status_t rsmi_dev_busy_percent_get(uint32_t d, uint32_t *percent) { *percent = 90 + d; return SUCCESS; }
rsmi_status_t rsmi_dev_memory_busy_percent_get(uint32_t d, uint32_t *percent) { *percent = 30 + d; return SUCCESS; }
