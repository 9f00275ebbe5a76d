// SPDX-License-Identifier: Apache-2.0
#include "carbon/zones.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace sluice::carbon {

namespace {

constexpr auto kCloudRegions = std::to_array<CloudRegion>({
    {"aws:af-south-1", "Cape Town", "ZA"},
    {"aws:ap-east-1", "Hong Kong", "HK"},
    {"aws:ap-east-2", "Taipei", "TW"},
    {"aws:ap-northeast-1", "Tokyo", "JP-TK"},
    {"aws:ap-northeast-2", "Seoul", "KR"},
    {"aws:ap-northeast-3", "Osaka", "JP-KN"},
    {"aws:ap-south-1", "Mumbai", "IN-WE"},
    {"aws:ap-south-2", "Hyderabad", "IN-SO"},
    {"aws:ap-southeast-1", "Singapore", "SG"},
    {"aws:ap-southeast-2", "Sydney", "AU-NSW"},
    {"aws:ap-southeast-3", "Jakarta", "ID"},
    {"aws:ap-southeast-4", "Melbourne", "AU-VIC"},
    {"aws:ap-southeast-5", "Malaysia", "MY-WM"},
    {"aws:ap-southeast-6", "Auckland", "NZ"},
    {"aws:ap-southeast-7", "Bangkok", "TH"},
    {"aws:ca-central-1", "Montreal", "CA-QC"},
    {"aws:ca-west-1", "Calgary", "CA-AB"},
    {"aws:cn-north-1", "Beijing", "CN"},
    {"aws:cn-northwest-1", "Ningxia", "CN"},
    {"aws:eu-central-1", "Frankfurt", "DE"},
    {"aws:eu-central-2", "Zurich", "CH"},
    {"aws:eu-north-1", "Stockholm", "SE-SE3"},
    {"aws:eu-south-1", "Milan", "IT-NO"},
    {"aws:eu-south-2", "Aragon", "ES"},
    {"aws:eu-west-1", "Dublin", "IE"},
    {"aws:eu-west-2", "London", "GB"},
    {"aws:eu-west-3", "Paris", "FR"},
    {"aws:il-central-1", "Tel Aviv", "IL"},
    {"aws:me-central-1", "United Arab Emirates", "AE"},
    {"aws:me-south-1", "Bahrain", "BH"},
    {"aws:mx-central-1", "Queretaro", "MX"},
    {"aws:sa-east-1", "Sao Paulo", "BR-CS"},
    {"aws:us-east-1", "Northern Virginia", "US-MIDA-PJM"},
    {"aws:us-east-2", "Ohio", "US-MIDA-PJM"},
    {"aws:us-gov-east-1", "Ohio", "US-MIDA-PJM"},
    {"aws:us-gov-west-1", "Oregon", "US-NW-PACW"},
    {"aws:us-west-1", "Northern California", "US-CAL-CISO"},
    {"aws:us-west-2", "Oregon", "US-NW-PACW"},
    {"azure:australiacentral", "Canberra", "AU-NSW"},
    {"azure:australiacentral2", "Canberra", "AU-NSW"},
    {"azure:australiaeast", "New South Wales", "AU-NSW"},
    {"azure:australiasoutheast", "Victoria", "AU-VIC"},
    {"azure:austriaeast", "Vienna", "AT"},
    {"azure:belgiumcentral", "Brussels", "BE"},
    {"azure:brazilsouth", "Sao Paulo", "BR-CS"},
    {"azure:brazilsoutheast", "Rio de Janeiro", "BR-CS"},
    {"azure:canadacentral", "Toronto", "CA-ON"},
    {"azure:canadaeast", "Quebec", "CA-QC"},
    {"azure:centralindia", "Pune", "IN-WE"},
    {"azure:centralus", "Iowa", "US-MIDW-MISO"},
    {"azure:chilecentral", "Santiago", "CL-SEN"},
    {"azure:chinaeast", "Shanghai", "CN"},
    {"azure:chinaeast2", "Shanghai", "CN"},
    {"azure:chinaeast3", "Jiangsu", "CN"},
    {"azure:chinanorth", "Beijing", "CN"},
    {"azure:chinanorth2", "Beijing", "CN"},
    {"azure:chinanorth3", "Hebei", "CN"},
    {"azure:denmarkeast", "Copenhagen", "DK-DK2"},
    {"azure:eastasia", "Hong Kong", "HK"},
    {"azure:eastus", "Virginia", "US-MIDA-PJM"},
    {"azure:eastus2", "Virginia", "US-MIDA-PJM"},
    {"azure:francecentral", "Paris", "FR"},
    {"azure:francesouth", "Marseille", "FR"},
    {"azure:germanynorth", "Berlin", "DE"},
    {"azure:germanywestcentral", "Frankfurt", "DE"},
    {"azure:indonesiacentral", "Jakarta", "ID"},
    {"azure:israelcentral", "Israel", "IL"},
    {"azure:italynorth", "Milan", "IT-NO"},
    {"azure:japaneast", "Tokyo", "JP-TK"},
    {"azure:japanwest", "Osaka", "JP-KN"},
    {"azure:koreacentral", "Seoul", "KR"},
    {"azure:koreasouth", "Busan", "KR"},
    {"azure:malaysiawest", "Kuala Lumpur", "MY-WM"},
    {"azure:mexicocentral", "Queretaro", "MX"},
    {"azure:newzealandnorth", "Auckland", "NZ"},
    {"azure:northcentralus", "Chicago", "US-MIDA-PJM"},
    {"azure:northeurope", "Dublin", "IE"},
    {"azure:norwayeast", "Oslo", "NO-NO1"},
    {"azure:norwaywest", "Stavanger", "NO-NO2"},
    {"azure:polandcentral", "Warsaw", "PL"},
    {"azure:qatarcentral", "Doha", "QA"},
    {"azure:southafricanorth", "Johannesburg", "ZA"},
    {"azure:southafricawest", "Cape Town", "ZA"},
    {"azure:southcentralus", "San Antonio", "US-TEX-ERCO"},
    {"azure:southeastasia", "Singapore", "SG"},
    {"azure:southindia", "Chennai", "IN-SO"},
    {"azure:spaincentral", "Madrid", "ES"},
    {"azure:swedencentral", "Gavle", "SE-SE3"},
    {"azure:swedensouth", "Malmo", "SE-SE4"},
    {"azure:switzerlandnorth", "Zurich", "CH"},
    {"azure:switzerlandwest", "Geneva", "CH"},
    {"azure:uaecentral", "Abu Dhabi", "AE"},
    {"azure:uaenorth", "Dubai", "AE"},
    {"azure:uksouth", "London", "GB"},
    {"azure:ukwest", "Cardiff", "GB"},
    {"azure:westcentralus", "Cheyenne, Wyoming", "US-NW-WACM"},
    {"azure:westeurope", "Amsterdam", "NL"},
    {"azure:westindia", "Mumbai", "IN-WE"},
    {"azure:westus", "Northern California", "US-CAL-CISO"},
    {"azure:westus2", "Quincy, Washington", "US-NW-GCPD"},
    {"azure:westus3", "Phoenix", "US-SW-AZPS"},
    {"gcp:africa-south1", "Johannesburg", "ZA"},
    {"gcp:asia-east1", "Changhua", "TW"},
    {"gcp:asia-east2", "Hong Kong", "HK"},
    {"gcp:asia-northeast1", "Tokyo", "JP-TK"},
    {"gcp:asia-northeast2", "Osaka", "JP-KN"},
    {"gcp:asia-northeast3", "Seoul", "KR"},
    {"gcp:asia-south1", "Mumbai", "IN-WE"},
    {"gcp:asia-south2", "Delhi", "IN-NO"},
    {"gcp:asia-southeast1", "Singapore", "SG"},
    {"gcp:asia-southeast2", "Jakarta", "ID"},
    {"gcp:asia-southeast3", "Bangkok", "TH"},
    {"gcp:australia-southeast1", "Sydney", "AU-NSW"},
    {"gcp:australia-southeast2", "Melbourne", "AU-VIC"},
    {"gcp:europe-central2", "Warsaw", "PL"},
    {"gcp:europe-north1", "Hamina", "FI"},
    {"gcp:europe-north2", "Stockholm", "SE-SE3"},
    {"gcp:europe-southwest1", "Madrid", "ES"},
    {"gcp:europe-west1", "Saint-Ghislain", "BE"},
    {"gcp:europe-west10", "Berlin", "DE"},
    {"gcp:europe-west12", "Turin", "IT-NO"},
    {"gcp:europe-west2", "London", "GB"},
    {"gcp:europe-west3", "Frankfurt", "DE"},
    {"gcp:europe-west4", "Eemshaven", "NL"},
    {"gcp:europe-west6", "Zurich", "CH"},
    {"gcp:europe-west8", "Milan", "IT-NO"},
    {"gcp:europe-west9", "Paris", "FR"},
    {"gcp:me-central1", "Doha", "QA"},
    {"gcp:me-central2", "Dammam", "SA"},
    {"gcp:me-west1", "Tel Aviv", "IL"},
    {"gcp:northamerica-northeast1", "Montreal", "CA-QC"},
    {"gcp:northamerica-northeast2", "Toronto", "CA-ON"},
    {"gcp:northamerica-south1", "Queretaro", "MX"},
    {"gcp:southamerica-east1", "Sao Paulo", "BR-CS"},
    {"gcp:southamerica-west1", "Santiago", "CL-SEN"},
    {"gcp:us-central1", "Council Bluffs, Iowa", "US-MIDW-MISO"},
    {"gcp:us-east1", "Moncks Corner, South Carolina", "US-CAR-SC"},
    {"gcp:us-east4", "Northern Virginia", "US-MIDA-PJM"},
    {"gcp:us-east5", "Columbus, Ohio", "US-MIDA-PJM"},
    {"gcp:us-south1", "Dallas", "US-TEX-ERCO"},
    {"gcp:us-west1", "The Dalles, Oregon", "US-NW-BPAT"},
    {"gcp:us-west2", "Los Angeles", "US-CAL-LDWP"},
    {"gcp:us-west3", "Salt Lake City", "US-NW-PACE"},
    {"gcp:us-west4", "Las Vegas", "US-NW-NEVP"},
});
static_assert(std::ranges::is_sorted(kCloudRegions, {}, &CloudRegion::region));

}  // namespace

std::span<const CloudRegion> cloud_regions() { return kCloudRegions; }

Result<CloudRegion> find_cloud_region(std::string_view text) {
  const std::string wanted = lower_ascii(text);
  const auto* at =
      std::ranges::lower_bound(kCloudRegions, std::string_view(wanted), {}, &CloudRegion::region);
  if (at != kCloudRegions.end() && at->region == wanted) return *at;
  std::vector<std::string_view> names;
  for (const auto& row : kCloudRegions) {
    names.push_back(row.region);
    // Without its provider the name is still not taken, but the whole one is suggested.
    if (row.region.substr(row.region.find(':') + 1) == wanted) {
      return fail(Error{Errc::not_found, cat("no cloud region is called \"", printable(text, 60),
                                             "\" (did you mean \"", row.region, "\"?)")});
    }
  }
  const auto best = closest(wanted, names);
  return fail(Error{Errc::not_found,
                    cat("no cloud region is called \"", printable(text, 60), "\"",
                        best.empty() ? std::string() : cat(" (did you mean \"", best, "\"?)")),
                    {},
                    "name the grid zone itself: --zone DE"});
}

}  // namespace sluice::carbon
