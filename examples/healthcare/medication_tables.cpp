#include "healthcare/medication_tables.hpp"

#include <algorithm>

#include "healthcare/vital_codes.hpp"

namespace healthcare {
namespace {

using names = std::string_view[];

// Sources, by their publication. A label is the US prescribing information that the FDA publishes for the product; it
// is revised at times, so the part is named, not the revision.
constexpr std::string_view atc = "WHO Collaborating Centre for Drug Statistics Methodology, ATC/DDD Index, 2024";
constexpr std::string_view khan_2022 =
    "Khan et al., Drug allergy: a 2022 practice parameter update, J Allergy Clin Immunol 150, 2022";
constexpr std::string_view solensky_2010 =
    "Solensky et al., Drug allergy: an updated practice parameter, Ann Allergy Asthma Immunol 105, 2010";
constexpr std::string_view strom_2003 =
    "Strom et al., Absence of cross-reactivity between sulfonamide antibiotics and sulfonamide nonantibiotics, "
    "N Engl J Med 349, 2003";
constexpr std::string_view fda_opioids_2016 =
    "FDA Drug Safety Communication on opioid medicines with benzodiazepines, 2016";
constexpr std::string_view fda_simvastatin_2011 = "FDA Drug Safety Communication on simvastatin, 2011";
constexpr std::string_view coumadin = "Coumadin (warfarin) label, drug interactions";
constexpr std::string_view viagra = "Viagra (sildenafil) label, contraindications";
constexpr std::string_view zoloft = "Zoloft (sertraline) label, contraindications";
constexpr std::string_view ultram = "Ultram (tramadol) label, drug interactions";
constexpr std::string_view plavix = "Plavix (clopidogrel) label, drug interactions";
constexpr std::string_view zestril_allergy = "Zestril (lisinopril) label, contraindications";
constexpr std::string_view zestril = "Zestril (lisinopril) label, drug interactions";
constexpr std::string_view lanoxin = "Lanoxin (digoxin) label, drug interactions";
constexpr std::string_view lithobid = "Lithobid (lithium) label, drug interactions";
constexpr std::string_view trexall = "Trexall (methotrexate) label, drug interactions";
constexpr std::string_view colcrys = "Colcrys (colchicine) label, drug interactions";

constexpr names penicillins = {"penicillin",  "penicillin g",   "penicillin v", "amoxicillin",
                               "ampicillin",  "dicloxacillin",  "oxacillin",    "nafcillin",
                               "cloxacillin", "flucloxacillin", "piperacillin", "ticarcillin"};
constexpr names cephalosporins = {"cephalexin",  "cefadroxil",  "cefazolin", "cefaclor",    "cefuroxime",
                                  "cefprozil",   "cefdinir",    "cefixime",  "cefpodoxime", "cefotaxime",
                                  "ceftazidime", "ceftriaxone", "cefepime"};
constexpr names sulfonamide_antibiotics = {"sulfamethoxazole", "sulfadiazine", "sulfisoxazole", "sulfacetamide",
                                           "sulfasalazine"};
constexpr names sulfonamide_nonantibiotics = {"hydrochlorothiazide", "chlorthalidone", "furosemide",
                                              "bumetanide",          "torsemide",      "acetazolamide"};
constexpr names macrolides = {"erythromycin", "clarithromycin", "azithromycin"};
constexpr names fluoroquinolones = {"ciprofloxacin", "levofloxacin", "moxifloxacin", "ofloxacin", "norfloxacin"};
constexpr names tetracyclines = {"tetracycline", "doxycycline", "minocycline"};
constexpr names nsaids = {"aspirin",      "ibuprofen",  "naproxen",     "diclofenac", "ketorolac",
                          "indomethacin", "ketoprofen", "flurbiprofen", "etodolac",   "meloxicam",
                          "piroxicam",    "nabumetone", "sulindac",     "celecoxib"};
constexpr names opioids = {"morphine", "codeine",    "hydrocodone", "oxycodone",  "hydromorphone", "oxymorphone",
                           "tramadol", "tapentadol", "fentanyl",    "meperidine", "methadone",     "buprenorphine"};
constexpr names benzodiazepines = {"alprazolam", "clonazepam", "diazepam", "lorazepam",
                                   "midazolam",  "oxazepam",   "temazepam"};
constexpr names ssris = {"sertraline", "fluoxetine", "citalopram", "escitalopram", "paroxetine", "fluvoxamine"};
constexpr names maois = {"phenelzine", "tranylcypromine", "isocarboxazid"};
constexpr names ace_inhibitors = {"lisinopril", "enalapril", "ramipril",  "captopril",
                                  "benazepril", "quinapril", "fosinopril"};
constexpr names potassium_raisers = {"spironolactone", "eplerenone", "amiloride", "triamterene", "potassium chloride"};
constexpr names thiazides = {"hydrochlorothiazide", "chlorthalidone", "indapamide", "metolazone"};
constexpr names nitrates = {"nitroglycerin", "isosorbide mononitrate", "isosorbide dinitrate"};
constexpr names pde5_inhibitors = {"sildenafil", "tadalafil", "vardenafil"};

constexpr names penicillin_allergens = {"penicillin", "penicillins", "pcn", "beta-lactam", "beta-lactams"};
constexpr names cephalosporin_allergens = {"cephalosporin", "cephalosporins", "beta-lactam", "beta-lactams"};
constexpr names sulfonamide_allergens = {"sulfa", "sulfonamide", "sulfonamides", "sulphonamide", "sulphonamides"};
constexpr names macrolide_allergens = {"macrolide", "macrolides"};
constexpr names fluoroquinolone_allergens = {"quinolone", "quinolones", "fluoroquinolone", "fluoroquinolones"};
constexpr names tetracycline_allergens = {"tetracyclines"};
constexpr names nsaid_allergens = {"nsaid", "nsaids", "non-steroidal anti-inflammatory", "salicylate", "salicylates"};
constexpr names opioid_allergens = {"opioid", "opioids", "opiate", "opiates", "morphinan opioid"};
constexpr names ace_inhibitor_allergens = {"ace inhibitor", "ace inhibitors",
                                           "angiotensin-converting enzyme inhibitor"};

constexpr drug_class class_table[] = {
    {"penicillins", penicillins, penicillin_allergens, severity::contraindicated, khan_2022},
    {"cephalosporins", cephalosporins, cephalosporin_allergens, severity::major, khan_2022},
    {"sulfonamide antibiotics", sulfonamide_antibiotics, sulfonamide_allergens, severity::contraindicated, khan_2022},
    {"sulfonamide non-antibiotics", sulfonamide_nonantibiotics, {}, std::nullopt, strom_2003},
    {"macrolides", macrolides, macrolide_allergens, severity::major, khan_2022},
    {"fluoroquinolones", fluoroquinolones, fluoroquinolone_allergens, severity::major, khan_2022},
    {"tetracyclines", tetracyclines, tetracycline_allergens, severity::major, atc},
    {"NSAIDs", nsaids, nsaid_allergens, severity::major, khan_2022},
    {"opioids", opioids, opioid_allergens, severity::moderate, solensky_2010},
    {"ACE inhibitors", ace_inhibitors, ace_inhibitor_allergens, severity::contraindicated, zestril_allergy},
    {"benzodiazepines", benzodiazepines, {}, std::nullopt, atc},
    {"SSRIs", ssris, {}, std::nullopt, atc},
    {"MAO inhibitors", maois, {}, std::nullopt, atc},
    {"potassium-raising drugs", potassium_raisers, {}, std::nullopt, atc},
    {"thiazides", thiazides, {}, std::nullopt, atc},
    {"nitrates", nitrates, {}, std::nullopt, atc},
    {"PDE5 inhibitors", pde5_inhibitors, {}, std::nullopt, atc},
};

constexpr cross_reactivity cross_table[] = {
    {"penicillins", "cephalosporins", severity::moderate,
     "cross-reactivity of about 2 %, more with alike side chains: check the history of the reaction", khan_2022},
    {"cephalosporins", "penicillins", severity::moderate,
     "cross-reactivity with alike side chains: check the history of the reaction", khan_2022},
    {"sulfonamide antibiotics", "sulfonamide non-antibiotics", severity::note,
     "labels warn of it, but no cross-reactivity was found", strom_2003},
};

constexpr interaction interaction_table[] = {
    {"warfarin", "NSAIDs", severity::major, "bleeding", coumadin},
    {"warfarin", "sulfamethoxazole", severity::major, "higher INR, bleeding", coumadin},
    {"warfarin", "amiodarone", severity::major, "higher INR, bleeding", coumadin},
    {"PDE5 inhibitors", "nitrates", severity::contraindicated, "severe fall of the blood pressure", viagra},
    {"SSRIs", "MAO inhibitors", severity::contraindicated, "serotonin syndrome", zoloft},
    {"SSRIs", "tramadol", severity::major, "serotonin syndrome, seizures", ultram},
    {"opioids", "benzodiazepines", severity::major, "sedation, respiratory depression", fda_opioids_2016},
    {"simvastatin", "clarithromycin", severity::contraindicated, "myopathy, rhabdomyolysis", fda_simvastatin_2011},
    {"simvastatin", "erythromycin", severity::contraindicated, "myopathy, rhabdomyolysis", fda_simvastatin_2011},
    {"simvastatin", "amiodarone", severity::moderate, "myopathy: limit the dose of simvastatin", fda_simvastatin_2011},
    {"clopidogrel", "omeprazole", severity::moderate, "weaker antiplatelet effect", plavix},
    {"ACE inhibitors", "potassium-raising drugs", severity::moderate, "hyperkalaemia: monitor potassium", zestril},
    {"digoxin", "amiodarone", severity::major, "digoxin toxicity: reduce and measure digoxin", lanoxin},
    {"lithium", "NSAIDs", severity::major, "lithium toxicity: measure lithium", lithobid},
    {"lithium", "thiazides", severity::major, "lithium toxicity: measure lithium", lithobid},
    {"lithium", "ACE inhibitors", severity::major, "lithium toxicity: measure lithium", lithobid},
    {"methotrexate", "NSAIDs", severity::major, "methotrexate toxicity", trexall},
    {"methotrexate", "trimethoprim", severity::major, "bone-marrow suppression", trexall},
    {"colchicine", "clarithromycin", severity::major, "colchicine toxicity", colcrys},
};

constexpr dose_limit dose_table[] = {
    {"acetaminophen", 4000, "FDA Drug Safety Communication on prescription acetaminophen products, 2011"},
    {"amlodipine", 10, "Norvasc (amlodipine) label, dosage"},
    {"atorvastatin", 80, "Lipitor (atorvastatin) label, dosage"},
    {"citalopram", 40, "FDA Drug Safety Communication on citalopram, 2012"},
    {"diphenhydramine", 300, "21 CFR 341.72, OTC antihistamine drug products"},
    {"ibuprofen", 3200, "Motrin (ibuprofen) label, dosage"},
    {"lisinopril", 80, "Zestril (lisinopril) label, dosage"},
    {"loratadine", 10, "Claritin (loratadine) OTC drug facts, directions"},
    {"metformin", 2550, "Glucophage (metformin) label, dosage"},
    {"naproxen", 1500, "Naprosyn (naproxen) label, dosage"},
    {"naproxen sodium", 1650, "Anaprox DS (naproxen sodium) label, dosage"},
    {"sertraline", 200, "Zoloft (sertraline) label, dosage"},
    {"simvastatin", 80, fda_simvastatin_2011},
    {"tramadol", 400, "Ultram (tramadol) label, dosage"},
    {"zolpidem", 10, "Ambien (zolpidem) label, dosage"},
};

constexpr coded_name code_table[] = {
    // SNOMED CT, allergies as FHIR R4's AllergyIntolerance codes list them
    {snomed, "91936005", "penicillins"},
    {snomed, "294505008", "amoxicillin"},
    {snomed, "294506009", "ampicillin"},
    {snomed, "294497009", "penicillin v"},
    {snomed, "294532003", "cephalosporins"},
    {snomed, "294535001", "cephalexin"},
    {snomed, "294542001", "cefuroxime"},
    {snomed, "294551009", "ceftriaxone"},
    {snomed, "91939003", "sulfonamide antibiotics"},
    {snomed, "294477004", "trimethoprim"},
    {snomed, "91931000", "erythromycin"},
    {snomed, "294471003", "clarithromycin"},
    {snomed, "294472005", "azithromycin"},
    {snomed, "294487000", "ciprofloxacin"},
    {snomed, "294585005", "doxycycline"},
    {snomed, "294592000", "tetracycline"},
    {snomed, "293584003", "acetaminophen"},
    {snomed, "293586001", "aspirin"},
    {snomed, "293610009", "NSAIDs"},
    {snomed, "293613006", "diclofenac"},
    {snomed, "293619005", "ibuprofen"},
    {snomed, "293625009", "naproxen"},
    {snomed, "293595009", "opioids"},
    {snomed, "293597001", "codeine"},
    {snomed, "293601001", "morphine"},
    {snomed, "293606006", "meperidine"},
    {snomed, "294740006", "metformin"},
    {snomed, "294114008", "loratadine"},
    // RxNorm, ingredients
    {rxnorm, "70618", "penicillin"},
    {rxnorm, "7984", "penicillin v"},
    {rxnorm, "723", "amoxicillin"},
    {rxnorm, "733", "ampicillin"},
    {rxnorm, "2231", "cephalexin"},
    {rxnorm, "2194", "cefuroxime"},
    {rxnorm, "2193", "ceftriaxone"},
    {rxnorm, "10180", "sulfamethoxazole"},
    {rxnorm, "10829", "trimethoprim"},
    {rxnorm, "4053", "erythromycin"},
    {rxnorm, "21212", "clarithromycin"},
    {rxnorm, "2551", "ciprofloxacin"},
    {rxnorm, "3640", "doxycycline"},
    {rxnorm, "161", "acetaminophen"},
    {rxnorm, "1191", "aspirin"},
    {rxnorm, "5640", "ibuprofen"},
    {rxnorm, "7258", "naproxen"},
    {rxnorm, "3355", "diclofenac"},
    {rxnorm, "2670", "codeine"},
    {rxnorm, "7052", "morphine"},
    {rxnorm, "5489", "hydrocodone"},
    {rxnorm, "7804", "oxycodone"},
    {rxnorm, "10689", "tramadol"},
    {rxnorm, "11289", "warfarin"},
    {rxnorm, "36567", "simvastatin"},
    {rxnorm, "29046", "lisinopril"},
    {rxnorm, "6809", "metformin"},
    {rxnorm, "28889", "loratadine"},
};

}  // namespace

std::string_view to_string(severity level) noexcept {
  switch (level) {
    case severity::note: return "note";
    case severity::moderate: return "moderate";
    case severity::major: return "major";
    case severity::contraindicated: return "contraindicated";
  }
  return "unknown";
}

std::span<const drug_class> drug_classes() noexcept { return class_table; }
std::span<const cross_reactivity> cross_reactivities() noexcept { return cross_table; }
std::span<const interaction> interactions() noexcept { return interaction_table; }
std::span<const dose_limit> dose_limits() noexcept { return dose_table; }
std::span<const coded_name> coded_names() noexcept { return code_table; }

const drug_class* find_class(std::string_view name) noexcept {
  const auto* at = std::find_if(std::begin(class_table), std::end(class_table),
                                [&](const drug_class& group) { return group.name == name; });
  return at == std::end(class_table) ? nullptr : at;
}

bool is_a(std::string_view ingredient, std::string_view term) noexcept {
  if (ingredient == term) return true;
  const auto* group = find_class(term);
  return group != nullptr &&
         std::find(group->members.begin(), group->members.end(), ingredient) != group->members.end();
}

}  // namespace healthcare
